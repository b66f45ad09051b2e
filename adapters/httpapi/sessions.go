package httpapi

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ragcorp/ragcorp/core/identity"
)

// LoginReq is who wants to sign in.
type LoginReq struct {
	Email    string `json:"email" minLength:"3" maxLength:"320" example:"admin@local"`
	Password string `json:"password" minLength:"1" maxLength:"512"`
}

// LoginRes is a session.
type LoginRes struct {
	AccessToken string  `json:"access_token"`
	TokenType   string  `json:"token_type" enum:"bearer"`
	ExpiresIn   int     `json:"expires_in" doc:"Seconds."`
	User        UserRes `json:"user"`
}

// OKRes says that it is done.
type OKRes struct {
	OK bool `json:"ok"`
}

// PasswordChangeReq is a user's own new password.
type PasswordChangeReq struct {
	CurrentPassword string `json:"current_password" minLength:"1" maxLength:"512"`
	NewPassword     string `json:"new_password" minLength:"8" maxLength:"512"`
}

type body[T any] struct{ Body T }

// withCookie is a response that sets the session cookie.
type withCookie[T any] struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      T
}

func (s *Server) sessions() {
	public, person := access{public: true}, access{personOnly: true}
	one(s, huma.Operation{
		OperationID: "login", Method: http.MethodPost, Path: "/auth/login", Tags: []string{"auth"}, Summary: "Sign in",
		Middlewares: huma.Middlewares{s.notePeer},
	}, public, func(ctx context.Context, in *body[LoginReq]) (*withCookie[LoginRes], error) {
		session, err := s.app.Accounts.SignIn(ctx, in.Body.Email, in.Body.Password, peerOf(ctx))
		if err != nil {
			return nil, err
		}
		return s.session(session), nil
	})
	one(s, huma.Operation{
		OperationID: "logout", Method: http.MethodPost, Path: "/auth/logout", Tags: []string{"auth"},
		Summary: "Forget the session cookie",
	}, public, func(context.Context, *struct{}) (*withCookie[OKRes], error) {
		return &withCookie[OKRes]{SetCookie: s.cookie("", -1), Body: OKRes{OK: true}}, nil
	})
	one(s, huma.Operation{
		OperationID: "me", Method: http.MethodGet, Path: "/auth/me", Tags: []string{"auth"}, Summary: "Who am I?",
	}, person, func(ctx context.Context, _ *struct{}) (*body[UserRes], error) {
		return &body[UserRes]{userRes(knownOf(ctx).user)}, nil
	})
	one(s, huma.Operation{
		OperationID: "change_password", Method: http.MethodPost, Path: "/auth/password", Tags: []string{"auth"},
		Summary: "Change one's own password; all other sessions end",
	}, person, func(ctx context.Context, in *body[PasswordChangeReq]) (*withCookie[LoginRes], error) {
		session, err := s.app.Accounts.ChangePassword(ctx, actorOf(ctx), in.Body.CurrentPassword, in.Body.NewPassword)
		if err != nil {
			return nil, err
		}
		return s.session(session), nil
	})
	one(s, huma.Operation{
		OperationID: "logout_everywhere", Method: http.MethodPost, Path: "/auth/logout-everywhere", Tags: []string{"auth"},
		Summary: "End all of one's sessions",
	}, person, func(ctx context.Context, _ *struct{}) (*withCookie[OKRes], error) {
		a := actorOf(ctx)
		if err := s.app.Accounts.SignOutEverywhere(ctx, a, a.User); err != nil {
			return nil, err
		}
		return &withCookie[OKRes]{SetCookie: s.cookie("", -1), Body: OKRes{OK: true}}, nil
	})
}

func (s *Server) session(in identity.Session) *withCookie[LoginRes] {
	return &withCookie[LoginRes]{
		SetCookie: s.cookie(in.Token, in.ExpiresIn),
		Body: LoginRes{
			AccessToken: in.Token, TokenType: "bearer", ExpiresIn: int(in.ExpiresIn.Seconds()), User: userRes(in.User),
		},
	}
}

// cookie is the session cookie; a negative life deletes it.
func (s *Server) cookie(token string, life time.Duration) http.Cookie {
	age := int(life.Seconds())
	if life < 0 {
		age = -1
	}
	return http.Cookie{
		Name: s.opts.CookieName, Value: token, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.opts.CookieSecure,
		SameSite: http.SameSiteLaxMode,
	}
}

type peerKey struct{}

// notePeer remembers the client's address, by which attempts to sign in are throttled.
func (s *Server) notePeer(ctx huma.Context, next func(huma.Context)) {
	next(huma.WithValue(ctx, peerKey{}, s.limiter.client(ctx.RemoteAddr(), ctx.Header("X-Forwarded-For"))))
}

func peerOf(ctx context.Context) string {
	p, _ := ctx.Value(peerKey{}).(string)
	return p
}

// hostOf strips the port from an address.
func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}

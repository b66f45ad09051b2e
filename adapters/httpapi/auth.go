package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// actorOf returns who makes the request. It is set for every operation that is not public.
func actorOf(ctx context.Context) identity.Actor {
	a, _ := ctx.Value(actorKey).(identity.Actor)
	return a
}

// access says who may call an operation at all; the use case decides about the rest.
type access struct {
	public     bool                // anybody
	personOnly bool                // a signed-in user, no API key
	permission identity.Permission // what the actor must hold; empty: nothing particular
	bearerKeys bool                // API keys are taken as bearer tokens too, as clients of OpenAI's API send them
}

// describe says the same to readers of the OpenAPI document.
func (need access) describe() string {
	switch {
	case need.public:
		return "For anybody."
	case need.personOnly:
		return "For users that are signed in; an API key won't do."
	}
	text := "Takes the permission `" + string(need.permission) + "`."
	if need.bearerKeys {
		text += " An API key may also come as a bearer token."
	}
	return text
}

// authenticate is the middleware of an operation: it finds out who is asking, and turns away who may not.
func (s *Server) authenticate(need access) func(ctx huma.Context, next func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		a, err := s.actor(ctx, need)
		if err = s.count(ctx, need, a, err); err == nil && need.permission != "" && !a.Can(need.permission) {
			err = fault.Denied.Errorf("you lack the permission or scope %s", need.permission)
		}
		if err != nil {
			s.deny(ctx.Context(), a, err)
			s.refuse(ctx, err)
			return
		}
		k := knownOf(ctx.Context())
		k.actor = a.String()
		k.again = func(now context.Context) (identity.Actor, error) {
			return s.again(now, need, k, func() (identity.Actor, error) { return s.actor(ctx, need) })
		}
		next(huma.WithValue(ctx, actorKey, a))
	}
}

// count counts a request with a credential against whoever made it, or against the address when they could not, or need not,
// prove who they are. One without is counted already; see limit.
func (s *Server) count(ctx huma.Context, need access, a identity.Actor, err error) error {
	r, _ := humago.Unwrap(ctx)
	if !s.carriesCredential(r) || need.public && isProbe(r.URL.Path) {
		return err
	}
	key := a.String()
	if err != nil || need.public {
		key = s.addressOf(r)
	}
	if busy := s.limiter.allow(key, ctx.SetHeader); busy != nil {
		return busy
	}
	return err
}

// actor reads the credentials of a request: a bearer token, else the session cookie, else an API key. A token that is there
// but doesn't hold is never passed over in favour of another credential.
func (s *Server) actor(ctx huma.Context, need access) (identity.Actor, error) {
	if need.public {
		return identity.Actor{Kind: identity.Anonymous}, nil
	}
	if token, cookie := s.token(ctx); token != "" {
		if cookie && s.foreign(ctx) {
			return identity.Actor{}, fault.Denied.Errorf("the session cookie is of no use to pages of other sites").Because("cross_origin")
		}
		if need.bearerKeys && !cookie && strings.Count(token, ".") != 2 { // a session's token has three parts
			return s.app.Accounts.AuthenticateKey(ctx.Context(), token)
		}
		a, u, err := s.app.Accounts.Authenticate(ctx.Context(), token)
		knownOf(ctx.Context()).user = u
		return a, err
	}
	key := ctx.Header("X-API-Key")
	switch {
	case need.personOnly:
		return identity.Actor{}, fault.Unauthenticated.Errorf("sign in first: a bearer token or a session cookie is needed")
	case key == "":
		return identity.Actor{}, fault.Unauthenticated.Errorf("a bearer token, a session cookie or an API key (X-API-Key) is needed")
	}
	a, err := s.app.Accounts.AuthenticateKey(ctx.Context(), key)
	if errors.Is(err, fault.Unauthenticated) { // clients know an unknown key as 403, a missing one as 401
		err = fault.Denied.Errorf("the API key is unknown, expired or revoked")
	}
	return a, err
}

// token returns the token of a request, and whether it came by itself, as cookies do.
func (s *Server) token(ctx huma.Context) (token string, cookie bool) {
	scheme, token, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token), false
	}
	if c, err := huma.ReadCookie(ctx, s.opts.CookieName); err == nil {
		return c.Value, true
	}
	return "", false
}

// foreign reports whether a page of another site makes a browser change something (CSRF). Requests that only read, clients that
// are no browsers, and the allowed origins pass.
func (s *Server) foreign(ctx huma.Context) bool {
	r, _ := humago.Unwrap(ctx)
	return s.origins.Check(r) != nil
}

// newOrigins trusts the allowed origins; "*" allows to read and is no origin that could be trusted.
func newOrigins(o Options) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	for _, origin := range o.AllowedOrigins {
		_ = p.AddTrustedOrigin(origin) // one that is no origin matches no request
	}
	return p
}

// refuse writes an error from within a middleware.
func (s *Server) refuse(ctx huma.Context, err error) {
	u := ctx.URL()
	p := s.fail(ctx.Context(), u.Path, err)
	if p.Status == http.StatusUnauthorized {
		ctx.SetHeader("WWW-Authenticate", "Bearer")
	}
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetHeader("Content-Type", problemType)
	ctx.SetStatus(p.Status)
	_ = s.api.Marshal(ctx.BodyWriter(), "application/json", p.Problem) // the client has left; nobody is there to tell
}

package httpapi

import (
	"context"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/identity"
)

type contextKey int

const (
	knownKey contextKey = iota
	actorKey
)

// known is what is known of a request; who makes it is found out on the way.
type known struct {
	id, actor string
	user      identity.User // of a session, as the row was read to authenticate it
	again     func(ctx context.Context) (identity.Actor, error)
}

func knownOf(ctx context.Context) *known {
	k, ok := ctx.Value(knownKey).(*known)
	if !ok {
		return new(known) // outside of a request
	}
	return k
}

// requestID returns the id under which a request appears in header, body and log.
func requestID(ctx context.Context) string { return knownOf(ctx).id }

var goodRequestID = regexp.MustCompile(`^[\x21-\x7e]{1,128}$`)

// identify gives every request its id: the client's, when that is printable and not too long, else a new one.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !goodRequestID.MatchString(id) {
			id = uuid.NewString()
		}
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), knownKey, &known{id: id})))
	})
}

// protect sets the security headers of every response, errors included.
func (s *Server) protect(next http.Handler) http.Handler {
	unsafe := ""
	if !s.opts.Production {
		unsafe = " 'unsafe-inline'"
	}
	headers := map[string]string{
		"X-Content-Type-Options": "nosniff",
		"X-Frame-Options":        "DENY",
		"X-XSS-Protection":       "1; mode=block",
		"Referrer-Policy":        "strict-origin-when-cross-origin",
		"Permissions-Policy": "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), " +
			"payment=(), usb=()",
		"Content-Security-Policy": "default-src 'self'; script-src 'self'" + unsafe + "; style-src 'self'" + unsafe +
			"; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'",
		"Cache-Control": "no-store",
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if s.opts.Production && (r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https") {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// cors answers preflights and lets the allowed origins read responses.
func (s *Server) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		allowed := origin != "" && (slices.Contains(s.opts.AllowedOrigins, origin) || slices.Contains(s.opts.AllowedOrigins, "*"))
		h := w.Header()
		h.Add("Vary", "Origin")
		if allowed {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "+
				"X-RateLimit-Limit, X-RateLimit-Remaining, Content-Disposition, Idempotency-Replayed")
			if s.opts.AllowCredentials {
				h.Set("Access-Control-Allow-Credentials", "true")
			}
		}
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		if !allowed {
			writeProblem(w, r, newProblem(http.StatusForbidden, "this origin is not allowed"))
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "Content-Type, Authorization, X-API-Key, X-Request-Id, Idempotency-Key, Last-Event-ID")
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusOK)
	})
}

// recorder notes the status of a response and lets the real writer be reached for flushing.
type recorder struct {
	http.ResponseWriter

	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// observe logs every request, except probes, and turns a panic into a problem.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			p := recover()
			aborted := p == http.ErrAbortHandler //nolint:errorlint // a sentinel that panics as itself
			if aborted {
				defer panic(p) // net/http breaks the connection off
			}
			if p != nil && !aborted {
				s.log.Error("panic", append(about(r.Context()), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))...)
				if rec.status == 0 {
					writeProblem(rec, r, newProblem(http.StatusInternalServerError, "something went wrong on our side"))
				}
			}
			route := routeOf(r)
			s.seen(route, r.Method, rec.status, time.Since(began))
			if isProbe(r.URL.Path) {
				return
			}
			s.log.Info("request", append(about(r.Context()), zap.String("method", r.Method), zap.String("path", route),
				zap.Int("status_code", rec.status), zap.Float64("latency_ms", float64(time.Since(began).Microseconds())/1000),
				zap.Int64("bytes", rec.bytes), zap.String("actor", knownOf(r.Context()).actor))...)
		}()
		next.ServeHTTP(rec, r)
	})
}

// routeOf is the pattern that a request matched: a bounded set of names, without ids.
func routeOf(r *http.Request) string {
	if _, path, ok := strings.Cut(r.Pattern, " "); ok {
		return path
	}
	if r.Pattern == "" || r.Pattern == "/" {
		return "unmatched"
	}
	return r.Pattern
}

func isProbe(path string) bool { return path == "/healthz" || path == "/readyz" || path == "/metrics" }

// limitBody bounds the body of a request; uploads have a limit of their own.
func (s *Server) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := s.opts.MaxBody
		switch {
		case r.Method != http.MethodPost:
		case strings.HasSuffix(r.URL.Path, "/documents/upload"):
			limit = s.opts.MaxUpload + 1<<20 // the other parts of the form
		case strings.HasSuffix(r.URL.Path, "/documents/batch"):
			limit = max(s.opts.MaxBatch, s.opts.MaxUpload+1<<20)
		}
		if r.ContentLength > limit {
			writeProblem(w, r, newProblem(http.StatusRequestEntityTooLarge, "the body is larger than the limit"))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit+1) // the framework reads one byte more to know; see complete
		next.ServeHTTP(w, r)
	})
}

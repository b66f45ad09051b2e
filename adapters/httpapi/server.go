// Package httpapi serves the use cases over HTTP: routes, JSON shapes, authentication, limits, and how errors look. It decides
// nothing: each handler reads a request, calls one use case and writes what that returned. The OpenAPI document is made from
// the very types that the handlers use.
package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core"
)

// Options are the settings of a Server.
type Options struct {
	Addr             string // host:port to listen on; port 0 chooses one
	Version          string // of the program, for the OpenAPI document
	Production       bool   // stricter headers
	AllowedOrigins   []string
	AllowCredentials bool
	MaxBody          int64 // bytes of a request that is no upload
	MaxUpload        int64 // bytes of an uploaded file
	MaxBatch         int64 // bytes of a form with many files; 0 means those of one with the largest file
	MaxTopK          int   // most hits that a query may ask for
	RateRPS          float64
	RateBurst        int
	TrustedProxies   []string
	CookieName       string
	CookieSecure     bool
	MetricsAuth      bool
	Patience         time.Duration // how long a client may be slow; see pace. 0 means 30 seconds
	Heartbeat        time.Duration // between comments in an idle event stream; 0 means 15 seconds
	Recheck          time.Duration // after how long it is checked again that whoever listens to an answer may; 0 means one second
}

// Deps is what a Server needs.
type Deps struct {
	App     *core.App
	Ready   func(ctx context.Context) map[string]error // what must answer before requests make sense
	Helpful func(ctx context.Context) map[string]error // what is shown with it and may be away; may be nil
	Metrics http.Handler                               // nil: there are none
	Observe func(route, method string, status int, took time.Duration)
	Blocked func()       // a request was denied because of its workspace; nil: nobody counts
	Tracer  trace.Tracer // nil: nothing is traced
	Log     *zap.Logger
}

// Server serves the API.
type Server struct {
	app     *core.App
	deps    Deps
	opts    Options
	log     *zap.Logger
	seldom  *zap.Logger // for what may be told of every request
	api     huma.API
	handler http.Handler
	limiter *limiter
	origins *http.CrossOriginProtection
	bound   chan net.Addr
	closing chan struct{} // closed when the server shuts down
}

// New makes a Server; Run serves, and Handler is what it serves.
func New(d Deps, o Options) *Server {
	if o.Heartbeat <= 0 {
		o.Heartbeat = 15 * time.Second
	}
	if o.Recheck <= 0 {
		o.Recheck = time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 30 * time.Second
	}
	s := &Server{app: d.App, deps: d, opts: o, log: d.Log, seldom: seldom(d.Log), bound: make(chan net.Addr, 1), closing: make(chan struct{})}
	s.limiter, s.origins = newLimiter(o), newOrigins(o)
	mux := http.NewServeMux()
	s.api = humago.New(mux, apiConfig(o.Version))
	s.routes(mux)
	s.describe()
	s.handler = chain(mux, s.pace, identify, s.protect, s.trace, s.observe, s.cors, s.limit, s.limitBody)
	return s
}

// chain wraps h; the first wrapper is the outermost.
func chain(h http.Handler, wrappers ...func(http.Handler) http.Handler) http.Handler {
	for i := len(wrappers) - 1; i >= 0; i-- {
		h = wrappers[i](h)
	}
	return h
}

func apiConfig(version string) huma.Config {
	c := huma.DefaultConfig("RAG Corp API", version)
	c.Info.Description = aboutAPI
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.Info.License = &huma.License{Name: "Apache License 2.0", Identifier: "Apache-2.0"}
	c.Servers = []*huma.Server{{URL: "/", Description: "Where this document comes from."}}
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshalUTF8}
	c.Formats = map[string]huma.Format{"application/json": format, "json": format}
	c.CreateHooks = nil // no $schema links in bodies
	c.Transformers = []huma.Transformer{problemTransformer}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"ApiKeyAuth": {Type: "apiKey", In: "header", Name: "X-API-Key", Description: "Of a program."},
		"BearerAuth": {
			Type: "http", Scheme: "bearer", BearerFormat: "JWT",
			Description: "The session of a user: the token of /auth/login, here or in the cookie that came with it.",
		},
	}
	return c
}

// unmarshalUTF8 is json.Unmarshal, which would quietly replace what is no UTF-8.
func unmarshalUTF8(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("the body is not UTF-8")
	}
	return json.Unmarshal(data, v)
}

// Handler returns the whole API, for tests and for embedding.
func (s *Server) Handler() http.Handler { return s.handler }

// OpenAPI returns the OpenAPI document.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.api.OpenAPI() }

// Addr waits until the server listens and returns where.
func (s *Server) Addr() net.Addr {
	a := <-s.bound
	s.bound <- a
	return a
}

// Run serves until ctx ends, then lets running requests finish for up to ten seconds. Streams end at once.
func (s *Server) Run(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.opts.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.opts.Addr, err)
	}
	s.bound <- l.Addr()
	s.log.Info("listening", zap.String("url", "http://"+l.Addr().String()))
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return base },
	}
	server.RegisterOnShutdown(sync.OnceFunc(func() { close(s.closing) }))
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(base, 10*time.Second)
	defer stop()
	err = server.Shutdown(grace)
	cancel()
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// both registers an operation under /v1 and, the very same, under /api/v1.
func both[I, O any](s *Server, op huma.Operation, need access, h func(context.Context, *I) (*O, error)) {
	for _, prefix := range prefixes() {
		one(s, prefixed(op, prefix), need, h)
	}
}

// prefixes are the two places of the same operations.
func prefixes() []string { return []string{"/v1", "/api/v1"} }

// prefixed puts an operation under a prefix.
func prefixed(op huma.Operation, prefix string) huma.Operation {
	op.Path = prefix + op.Path
	return op
}

// one registers an operation.
func one[I, O any](s *Server, op huma.Operation, need access, h func(context.Context, *I) (*O, error)) {
	op = s.complete(op, need)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			s.deny(ctx, actorOf(ctx), err)
			return nil, s.fail(ctx, pathOf(ctx), err)
		}
		return out, nil
	})
}

// complete fills in what all operations have in common. OperationID holds the function's name when it comes in; then it names
// function, path and method, as clients generated from the document expect.
func (s *Server) complete(op huma.Operation, need access) huma.Operation {
	op.OperationID += idReplacer.Replace(op.Path) + "_" + strings.ToLower(op.Method)
	op.Description = strings.TrimSpace(op.Description + "\n\n" + need.describe())
	op.Middlewares = append(huma.Middlewares{s.notePath, s.authenticate(need)}, op.Middlewares...)
	op.SkipValidateParams, op.SkipValidateBody = false, false
	op.MaxBodyBytes = s.opts.MaxBody + 1 // to the framework, a body that reaches its limit is too large
	switch {
	case need.public:
		op.Security = []map[string][]string{}
	case need.personOnly:
		op.Security = []map[string][]string{{"BearerAuth": {}}}
	default:
		op.Security = []map[string][]string{{"ApiKeyAuth": {}}, {"BearerAuth": {}}}
	}
	return op
}

var idReplacer = strings.NewReplacer("/", "_", "{", "_", "}", "_", "-", "_", ".", "_")

func (s *Server) notePath(ctx huma.Context, next func(huma.Context)) {
	next(huma.WithValue(oneStatus{ctx}, pathKey{}, s.requestOf(ctx)))
}

func (s *Server) seen(route, method string, status int, took time.Duration) {
	if s.deps.Observe != nil {
		s.deps.Observe(route, method, status, took)
	}
}

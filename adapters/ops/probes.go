package ops

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Probes is a program that shows health and metrics of a process that serves nothing else. A port that is taken is only a
// warning: the work goes on.
type Probes struct {
	Addr    string                                     // host:port
	Ready   func(ctx context.Context) map[string]error // what must answer before work makes sense
	Helpful func(ctx context.Context) map[string]error // what is shown and may be away; may be nil
	Metrics http.Handler
	Allow   func(ctx context.Context, key string) error // whether the holder of an API key, empty for none, may see Metrics; nil: everybody
	Log     *zap.Logger
}

// Run implements Program.
func (p Probes) Run(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", p.Addr)
	if err != nil {
		p.Log.Warn("health and metrics are not served", zap.Error(err))
		<-ctx.Done()
		return nil
	}
	server := &http.Server{Handler: p.handler(time.Now()), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // nobody waits for the answer to a probe of a process that ends
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (p Probes) handler(started time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"ok": true, "uptime_seconds": int(time.Since(started).Seconds()), "version": Version()})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		out, status := map[string]any{"ok": true}, http.StatusOK
		for name, err := range p.Ready(ctx) {
			out[name] = "connected"
			if err != nil {
				out[name], out["ok"], status = "disconnected", false, http.StatusServiceUnavailable
			}
		}
		for name, err := range p.helpful(ctx) {
			out[name] = "connected"
			if err != nil {
				out[name] = "disconnected"
			}
		}
		reply(w, status, out)
	})
	mux.HandleFunc("GET /metrics", p.metrics)
	return mux
}

func (p Probes) metrics(w http.ResponseWriter, r *http.Request) {
	if p.Allow != nil {
		if err := p.Allow(r.Context(), r.Header.Get("X-API-Key")); err != nil {
			refuse(w, err)
			return
		}
	}
	p.Metrics.ServeHTTP(w, r)
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable
	switch {
	case errors.Is(err, fault.Unauthenticated):
		status = http.StatusUnauthorized
	case errors.Is(err, fault.Denied):
		status = http.StatusForbidden
	}
	reply(w, status, map[string]string{"detail": http.StatusText(status)})
}

func (p Probes) helpful(ctx context.Context) map[string]error {
	if p.Helpful == nil {
		return nil
	}
	return p.Helpful(ctx)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has left; nobody is there to tell
}

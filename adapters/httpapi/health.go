package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ragcorp/ragcorp/core/identity"
)

// HealthRes says that the process is alive, and whether its database answers.
type HealthRes struct {
	OK        bool   `json:"ok"`
	DB        string `json:"db" enum:"connected,disconnected"`
	Google    string `json:"google" enum:"skipped,disabled" doc:"Kept for clients that expect it."`
	Version   string `json:"version"`
	RequestID string `json:"request_id"`
}

// ReadyRes says whether requests make sense now.
type ReadyRes struct {
	OK        bool              `json:"ok"`
	DB        string            `json:"db" enum:"connected,disconnected"`
	Checks    map[string]string `json:"checks" doc:"What was asked, each connected or disconnected. While redis alone is disconnected, work goes on with some delay: ok is true."`
	RequestID string            `json:"request_id"`
}

const (
	connected    = "connected"
	disconnected = "disconnected"
	databaseName = "database"
)

// checkTimeout bounds what is asked of others to answer a probe.
const checkTimeout = 2 * time.Second

func (s *Server) health() {
	tags := []string{"operations"}
	one(s, huma.Operation{
		OperationID: "healthz", Method: http.MethodGet, Path: "/healthz", Tags: tags, Summary: "Is the process alive?",
	}, access{public: true}, func(ctx context.Context, in *struct {
		Full bool `query:"full"`
	},
	) (*body[HealthRes], error) {
		ready := s.ready(ctx)
		r := HealthRes{DB: ready.DB, OK: ready.DB == connected, Google: "skipped", Version: s.opts.Version, RequestID: requestID(ctx)}
		if in.Full {
			r.Google = "disabled"
		}
		return &body[HealthRes]{r}, nil
	})
	one(s, huma.Operation{
		OperationID: "readyz", Method: http.MethodGet, Path: "/readyz", Tags: tags,
		Summary: "Does everything that requests need answer? 503 if not", Responses: map[string]*huma.Response{"503": {
			Description: "Not ready", Content: map[string]*huma.MediaType{"application/json": {
				Schema: &huma.Schema{Ref: "#/components/schemas/ReadyRes"},
			}},
		}},
	}, access{public: true}, func(ctx context.Context, _ *struct{}) (*struct {
		Status int
		Body   ReadyRes
	}, error,
	) {
		r := s.ready(ctx)
		status := http.StatusOK
		if !r.OK {
			status = http.StatusServiceUnavailable
		}
		return &struct {
			Status int
			Body   ReadyRes
		}{status, r}, nil
	})
}

func (s *Server) ready(ctx context.Context) ReadyRes {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	r := ReadyRes{OK: true, DB: connected, Checks: map[string]string{}, RequestID: requestID(ctx)}
	for name, err := range s.deps.Ready(ctx) {
		r.Checks[name] = connected
		if err != nil {
			r.OK, r.Checks[name] = false, disconnected
		}
	}
	if s.deps.Helpful != nil {
		for name, err := range s.deps.Helpful(ctx) {
			r.Checks[name] = connected
			if err != nil {
				r.Checks[name] = disconnected
			}
		}
	}
	if r.Checks[databaseName] == disconnected {
		r.DB = disconnected
	}
	return r
}

// metrics serves the metrics, to whoever may see them.
func (s *Server) metrics(mux *http.ServeMux) {
	if s.deps.Metrics == nil {
		return
	}
	need := access{permission: identity.AdminMetrics}
	if !s.opts.MetricsAuth {
		need = access{public: true}
	}
	op := s.complete(huma.Operation{
		OperationID: "metrics", Method: http.MethodGet, Path: "/metrics", Tags: []string{"operations"}, Summary: "Metrics for Prometheus",
		Responses: map[string]*huma.Response{"200": {
			Description: "Metrics", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}},
		}},
	}, need)
	raw(s, mux, op, s.deps.Metrics)
}

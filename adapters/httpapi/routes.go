package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// routes registers everything that is served.
func (s *Server) routes(mux *http.ServeMux) {
	s.sessions()
	s.users()
	s.keys()
	s.workspaces()
	s.workspaceChanges()
	s.provisioning()
	s.documents()
	s.documentChanges()
	s.documentEvents()
	s.upload()
	s.batch()
	s.ingest()
	s.query()
	s.ask()
	s.stream()
	s.conversations()
	s.models()
	s.completions()
	s.feedback()
	s.answers()
	s.jobs()
	s.audit()
	s.health()
	s.metrics(mux)
	s.document(mux)
	mux.HandleFunc("/", s.unmatched(mux))
}

// raw registers an operation that a plain handler serves.
func raw(s *Server, _ *http.ServeMux, op huma.Operation, h http.Handler) {
	s.api.OpenAPI().AddOperation(&op)
	s.api.Adapter().Handle(&op, op.Middlewares.Handler(func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		h.ServeHTTP(w, r)
	}))
}

// unmatched answers requests that no operation matches: 405 where another method would match, else 404.
func (s *Server) unmatched(mux *http.ServeMux) http.HandlerFunc {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	return func(w http.ResponseWriter, r *http.Request) {
		if s.carriesCredential(r) { // nobody looks at it here
			if err := s.limiter.allow(s.addressOf(r), w.Header().Set); err != nil {
				s.writeError(w, r, err)
				return
			}
		}
		for _, m := range methods {
			probe := r.Clone(r.Context())
			probe.Method = m
			if _, pattern := mux.Handler(probe); pattern != "" && pattern != "/" {
				w.Header().Add("Allow", m)
			}
		}
		if w.Header().Get("Allow") != "" {
			writeProblem(w, r, newProblem(http.StatusMethodNotAllowed, "this method is not allowed here"))
			return
		}
		writeProblem(w, r, newProblem(http.StatusNotFound, "there is nothing here"))
	}
}

package httpapi_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
)

// broken is a model that fails, or panics where it has no error to fail with.
type broken struct{ err error }

func (broken) Model() string { return "broken" }

// Generate implements llm.Generator.
func (b broken) Generate(context.Context, llm.Request) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		if b.err == nil {
			panic("no error")
		}
		yield(llm.Piece{}, b.err)
	}
}

func TestErrorsTellClientsWhatToDoAndNothingOfTheInside(t *testing.T) {
	t.Parallel()
	inside := errors.New(`pq: duplicate key "ana@example.org" in INSERT INTO users`)
	for name, c := range map[string]struct {
		err              error
		status           int
		code, title, way string // way is the Retry-After
	}{
		"an error that nobody expected": {inside, 500, "INTERNAL_ERROR", "Internal Error", ""},
		"a panic":                       {nil, 500, "INTERNAL_ERROR", "Internal Error", ""},
		"the database is away":          {fault.Unavailable.Wrap(inside, "the database does not answer").Because(fault.ReasonDatabase), 503, "DATABASE_ERROR", "Database Error", ""},
		"the database is busy":          {fault.Busy.Wrap(inside, "the database is busy").Because(fault.ReasonDatabase), 503, "DATABASE_ERROR", "Database Error", ""},
		"something else is away":        {fault.Unavailable.Wrap(inside, "the model does not answer").After(2 * time.Second), 503, "SERVICE_UNAVAILABLE", "Service Unavailable", "2"},
		"too much is asked":             {fault.Busy.Wrap(inside, "too many calls").After(1500 * time.Millisecond), 429, "RATE_LIMITED", "Rate Limited", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAnsweringWorld(t, broken{c.err}, chat.Options{})
			r := w.want(c.status, "POST", w.path(w.mine, "/ask"), w.as(w.owner), `{"query":"Where is the code of the vault?"}`)
			p := decode[httpapi.Problem](t, r)
			if p.Code != c.code || p.Title != c.title || p.Type != "about:blank/"+strings.ToLower(c.code) || r.header.Get("Retry-After") != c.way {
				t.Errorf("the problem is %s with Retry-After %q", r.body, r.header.Get("Retry-After"))
			}
			for _, word := range []string{"pq:", "ana@", "INSERT", "no error", ".go"} {
				if strings.Contains(r.body, word) {
					t.Errorf("the problem tells %q: %s", word, r.body)
				}
			}
		})
	}
}

func TestAStreamThatBreaksOffSaysWhyAndNothingOfTheInside(t *testing.T) {
	t.Parallel()
	inside := errors.New(`pq: duplicate key "ana@example.org" in INSERT INTO users`)
	for name, c := range map[string]struct {
		err        error
		says, code string
	}{
		"an error that nobody expected": {inside, "could not be completed", "SERVICE_UNAVAILABLE"},
		"a panic":                       {nil, "could not be completed", "SERVICE_UNAVAILABLE"},
		"the model is away":             {fault.Unavailable.Wrap(inside, "the model can't be reached"), "can't be reached", "SERVICE_UNAVAILABLE"},
		"too much is asked":             {fault.Busy.Wrap(inside, "too many calls"), "too many calls", "RATE_LIMITED"},
		"the model declines":            {fault.Invalid.Wrap(inside, "ask in other words").Because("blocked"), "ask in other words", "VALIDATION_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAnsweringWorld(t, broken{c.err}, chat.Options{})
			for path, body := range map[string]any{
				w.path(w.mine, "/ask/stream"): map[string]any{"query": "Where is the code of the vault?"},
				"/v1/chat/completions":        completionOf(w.mine.workspace.String(), true),
			} {
				r := w.want(200, "POST", path, w.as(w.owner), body)
				if !strings.Contains(r.body, c.says) || !strings.Contains(r.body, c.code) {
					t.Errorf("%s ends with %s", path, r.body)
				}
				for _, word := range []string{"pq:", "ana@", "INSERT", "no error", ".go"} {
					if strings.Contains(r.body, word) {
						t.Errorf("%s tells %q: %s", path, word, r.body)
					}
				}
			}
		})
	}
}

func TestAnErrorSaysWhatIsMissingAndWhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, scoped := w.key(askingKey())
	for _, c := range []struct {
		method, path string
		who          credential
		status       int
		code, says   string
	}{
		{"GET", "/v1/workspaces", credential{}, 401, "UNAUTHORIZED", "X-API-Key"},
		{"GET", "/auth/me", credential{}, 401, "UNAUTHORIZED", "token"},
		{"GET", "/auth/me", scoped, 401, "UNAUTHORIZED", "token"},
		{"GET", "/v1/workspaces", apiKey("rk_unknown"), 403, "FORBIDDEN", "API key"},
		{"DELETE", w.documentPath(w.mine, ""), scoped, 403, "FORBIDDEN", "scope documents:delete"},
		{"GET", "/auth/users", w.as(w.owner), 403, "FORBIDDEN", "permission"},
		{"GET", "/v1/nothing?secret=1", credential{}, 404, "NOT_FOUND", "nothing here"},
		{"POST", "/auth/login", credential{}, 413, "PAYLOAD_TOO_LARGE", "limit"},
	} {
		var body any
		if c.status == 413 {
			body = strings.Repeat("x", 2<<20)
		}
		p := decode[httpapi.Problem](t, w.want(c.status, c.method, c.path, c.who, body))
		path, _, _ := strings.Cut(c.path, "?")
		if p.Type != "about:blank/"+strings.ToLower(c.code) || strings.ToUpper(strings.ReplaceAll(p.Title, " ", "_")) != c.code {
			t.Errorf("%s %s: %s is of the type %s and called %q", c.method, c.path, c.code, p.Type, p.Title)
		}
		if p.Code != c.code || !strings.Contains(p.Detail, c.says) || p.Instance != path {
			t.Errorf("%s %s: the problem is %+v, want %s that says %q", c.method, c.path, p, c.code, c.says)
		}
	}
}

package httpapi_test

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/identity"
)

// TestOverheadOfASmallRequest compares GET /auth/me through everything that the server puts around its handlers (logs and rate
// limits too) with the same operation of the same framework and nothing else: bare is a handler that takes the token, asks the
// same use case who that is, and answers the same. The ratio is printed, also without what
// the use case takes; how long anything takes is nothing that a test could be sure of.
func TestOverheadOfASmallRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	w := newWorld(t)
	written := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel)
	served := httpapi.New(httpapi.Deps{App: w.app, Log: zap.New(written)}, httpapi.Options{
		CookieName: "access_token", RateRPS: 1e9, RateBurst: 1e9, AllowedOrigins: []string{"http://localhost:3000"},
	})
	who := w.as(w.member)
	get := func(h http.Handler, path string) func() {
		return func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			r.Header.Set(who.header, who.value)
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code != http.StatusOK {
				t.Fatalf("GET %s = %d: %s", path, rec.Code, rec.Body)
			}
		}
	}
	bare := bareAPI(func(ctx context.Context, header string) (identity.User, error) {
		_, u, err := w.app.Accounts.Authenticate(ctx, strings.TrimPrefix(header, "Bearer "))
		return u, err
	})
	took := measure(t, map[string]func(){
		"bare": get(bare, "/auth/me"), "served": get(served.Handler(), "/auth/me"), "authentication": func() {
			_, _, err := w.app.Accounts.Authenticate(t.Context(), strings.TrimPrefix(who.value, "Bearer "))
			w.must(err)
		},
	})
	alone := took["authentication"]
	t.Logf("of it, authentication alone %v", alone)
	t.Logf("GET /auth/me: bare %v, served %v, ratio %.2f", took["bare"], took["served"], float64(took["served"])/float64(took["bare"]))
	t.Logf("without authentication: bare %v, served %v, ratio %.2f", took["bare"]-alone, took["served"]-alone,
		float64(took["served"]-alone)/float64(took["bare"]-alone))
}

func TestARequestIsAuthenticatedWithOneRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, key := w.key(identity.KeyDraft{Permissions: []identity.Permission{identity.Everything}})
	workspace := w.path(w.mine, "")
	for _, c := range []struct {
		path string
		who  credential
	}{{"/auth/me", w.as(w.member)}, {workspace, w.as(w.member)}, {workspace, key}, {"/v1/workspaces", key}} {
		before := w.reads.Load()
		w.want(http.StatusOK, http.MethodGet, c.path, c.who, nil)
		if n := w.reads.Load() - before; n != 1 {
			t.Errorf("GET %s reads users and keys %d times, want once", c.path, n)
		}
	}
}

// countedStore is a store that counts what authentication reads.
type countedStore struct {
	*sqlstore.Store
	reads *atomic.Int64
}

func (c countedStore) Users() identity.Users { return countedUsers{c.Store.Users(), c.reads} }
func (c countedStore) Keys() identity.Keys   { return countedKeys{c.Store.Keys(), c.reads} }

type countedUsers struct {
	identity.Users
	reads *atomic.Int64
}

func (c countedUsers) User(ctx context.Context, id uuid.UUID) (identity.User, error) {
	c.reads.Add(1)
	return c.Users.User(ctx, id)
}

type countedKeys struct {
	identity.Keys
	reads *atomic.Int64
}

func (c countedKeys) ByHash(ctx context.Context, hash string) (identity.Key, error) {
	c.reads.Add(1)
	return c.Keys.ByHash(ctx, hash)
}

// measure runs each in turn, several times, and returns the best time of each.
func measure(t *testing.T, of map[string]func()) map[string]time.Duration {
	t.Helper()
	best := map[string]time.Duration{}
	for range 3 {
		for name, do := range of {
			r := testing.Benchmark(func(b *testing.B) {
				for b.Loop() {
					do()
				}
			})
			d, known := best[name]
			if !known {
				d = math.MaxInt64
			}
			best[name] = min(d, time.Duration(r.NsPerOp()))
		}
	}
	return best
}

// bareUser is what GET /auth/me answers.
type bareUser struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Email     string    `json:"email"`
	Role      string    `json:"role"`
	Active    bool      `json:"is_active"`
	CreatedAt time.Time `json:"created_at"`
}

type bareOut struct{ Body bareUser }

// bareAPI is an API of one operation.
func bareAPI(user func(ctx context.Context, header string) (identity.User, error)) http.Handler {
	mux := http.NewServeMux()
	c := huma.DefaultConfig("bare", "1")
	c.CreateHooks = nil
	huma.Register(humago.New(mux, c), huma.Operation{Method: http.MethodGet, Path: "/auth/me"}, func(ctx context.Context, in *struct {
		Authorization string `header:"Authorization"`
	},
	) (*bareOut, error) {
		u, err := user(ctx, in.Authorization)
		if err != nil {
			return nil, huma.Error401Unauthorized("no")
		}
		return &bareOut{bareUser{u.ID, u.Email, string(u.Role), u.Active, u.CreatedAt}}, nil
	})
	return mux
}

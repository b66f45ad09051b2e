package adapters_test

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/adapters"
)

func TestNothingNeedsToBeSet(t *testing.T) {
	t.Parallel()
	c, err := adapters.ConfigFrom(nil)
	if err != nil {
		t.Fatalf("ConfigFrom with nothing set: %v", err)
	}
	for _, f := range []struct {
		name      string
		got, want any
	}{
		{"APP_ENV", c.Env, "development"},
		{"HTTP_ADDR", c.HTTP.Addr, "127.0.0.1:8000"},
		{"ALLOWED_ORIGINS", c.HTTP.AllowedOrigins, []string{"http://localhost:3000"}},
		{"MAX_BODY_BYTES", c.HTTP.MaxBody, int64(10485760)},
		{"MAX_UPLOAD_BYTES", c.HTTP.MaxUpload, int64(26214400)},
		{"MAX_TOP_K", c.HTTP.MaxTopK, 20},
		{"RATE_LIMIT_RPS", c.HTTP.RateRPS, 10.0},
		{"RATE_LIMIT_BURST", c.HTTP.RateBurst, 20},
		{"JWT_ACCESS_TTL_MINUTES", c.Auth.TTLMinutes, 30},
		{"JWT_COOKIE_NAME", c.Auth.CookieName, "access_token"},
		{"CHUNK_SIZE", c.Documents.ChunkSize, 900},
		{"CHUNK_OVERLAP", c.Documents.ChunkOverlap, 120},
		{"MAX_INGEST_CHARS", c.Documents.MaxText, 100000},
		{"MAX_QUERY_CHARS", c.Answers.MaxQuery, 2000},
		{"MAX_CONTEXT_CHARS", c.Answers.MaxContext, 12000},
		{"MAX_CONVERSATION_MESSAGES", c.Answers.History, 12},
		{"LOG_JSON", c.Log.JSON, true},
		{"DATABASE_URL", c.Data.DatabaseURL, "sqlite:ragcorp-data/ragcorp.db"},
		{"BLOB_URL", c.Data.BlobURL, "file:ragcorp-data/blobs"},
	} {
		if diff := cmp.Diff(f.want, f.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.name, diff)
		}
	}
	empty := map[string]string{}
	for _, s := range c.Settings() {
		empty[s.Name] = ""
	}
	if d, err := adapters.ConfigFrom(empty); err != nil || !cmp.Equal(c, d) {
		t.Errorf("with every variable set to nothing: %v, %s", err, cmp.Diff(c, d))
	}
}

func TestVariablesAreReadLeniently(t *testing.T) {
	t.Parallel()
	for _, yes := range []string{"1", "true", "TRUE", "yes", "On"} {
		c, err := adapters.ConfigFrom(map[string]string{"JWT_COOKIE_SECURE": yes})
		if err != nil || !c.Auth.CookieSecure {
			t.Errorf("JWT_COOKIE_SECURE=%s: %v, %v, want true", yes, c.Auth.CookieSecure, err)
		}
	}
	for _, no := range []string{"0", "False", "no", "OFF"} {
		c, err := adapters.ConfigFrom(map[string]string{"LOG_JSON": no})
		if err != nil || c.Log.JSON {
			t.Errorf("LOG_JSON=%s: %v, %v, want false", no, c.Log.JSON, err)
		}
	}
	c, err := adapters.ConfigFrom(map[string]string{
		"APP_ENV": " Production ", "JWT_SECRET": strings.Repeat("s", 32), "JWT_COOKIE_SECURE": "1", "METRICS_REQUIRE_AUTH": "1",
		"ALLOWED_ORIGINS": "https://a.example,https://b.example", "WORKER_LEASE": "1m30s", "LOG_LEVEL": "WARNING",
	})
	if err != nil {
		t.Fatal(err)
	}
	if !c.Production() || len(c.HTTP.AllowedOrigins) != 2 || c.Worker.Lease != 90*time.Second {
		t.Errorf("production %v, origins %q, lease %v", c.Production(), c.HTTP.AllowedOrigins, c.Worker.Lease)
	}
}

func TestWrongSettingsAreRefusedByName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  map[string]string
		want string // all of it
	}{
		{map[string]string{"CHUNK_SIZE": "0"}, "CHUNK_SIZE (chunk_size) must be greater than 0"},
		{map[string]string{"CHUNK_OVERLAP": "-1"}, "CHUNK_OVERLAP (chunk_overlap) must not be less than 0"},
		{
			map[string]string{"CHUNK_SIZE": "100", "CHUNK_OVERLAP": "100"},
			"CHUNK_OVERLAP (chunk_overlap, 100) must be less than CHUNK_SIZE (chunk_size, 100)",
		},
		{map[string]string{"REDIS_URL": "http://u:secret@cache"}, "REDIS_URL must be redis://USER:PASSWORD@HOST:PORT/NUMBER, or rediss: for TLS"},
		{
			map[string]string{"REDIS_URL": "redis://cache", "QUEUE_URL": "amqp://broker"},
			"QUEUE_URL must be events: or redis://USER:PASSWORD@HOST:PORT/NUMBER, or rediss: for TLS",
		},
		{map[string]string{"QUEUE_BACKLOG": "0"}, "QUEUE_BACKLOG must be from 1 to 100000"},
		{map[string]string{"QUEUE_VISIBILITY": "10ms"}, "QUEUE_VISIBILITY must be at least one second"},
		{map[string]string{"WORKERS": "many"}, "WORKERS must be a whole number"},
		{map[string]string{"WORKER_LEASE": "30"}, "WORKER_LEASE must be a duration such as 30s or 5m"},
		{map[string]string{"LOG_JSON": "maybe"}, "LOG_JSON must be true or false"},
		{map[string]string{"RATE_LIMIT_RPS": "fast"}, "RATE_LIMIT_RPS must be a number"},
		{map[string]string{"RATE_LIMIT_RPS": "NaN"}, "RATE_LIMIT_RPS must not be negative or infinite"},
		{map[string]string{"RATE_LIMIT_BURST": "-1"}, "RATE_LIMIT_BURST must not be negative"},
		{map[string]string{"MAX_BODY_BYTES": "0"}, "MAX_BODY_BYTES must be from 1 to 524288000"},
		{map[string]string{"MAX_UPLOAD_BYTES": "524288001"}, "MAX_UPLOAD_BYTES must be from 1 to 524288000"},
		{map[string]string{"MAX_TOP_K": "51"}, "MAX_TOP_K must be from 1 to 50"},
		{map[string]string{"JWT_ACCESS_TTL_MINUTES": "0"}, "JWT_ACCESS_TTL_MINUTES must be from 1 to 527040"},
		{map[string]string{"JWT_SECRET": "short"}, "JWT_SECRET must have at least 16 characters"},
		{map[string]string{"JWT_COOKIE_NAME": "a b"}, "JWT_COOKIE_NAME must consist of letters, digits, - and _"},
		{map[string]string{"TRUSTED_PROXIES": "10.0.0.1"}, "TRUSTED_PROXIES must be networks such as 10.0.0.0/8"},
		{
			map[string]string{"ALLOWED_ORIGINS": "https://a.example,*", "CORS_ALLOW_CREDENTIALS": "1"},
			"ALLOWED_ORIGINS must not be * while CORS_ALLOW_CREDENTIALS is on",
		},
		{map[string]string{"HTTP_ADDR": "8000"}, "HTTP_ADDR must be host:port"},
		{map[string]string{"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of debug, info, warn, warning, error"},
		{map[string]string{"DEV_SEED_ADMIN": "1"}, "DEV_SEED_ADMIN is only allowed where APP_ENV is local: it must be 'local'"},
		{map[string]string{"DEV_SEED_DEMO": "1", "APP_ENV": "test"}, "DEV_SEED_DEMO is only allowed where APP_ENV is local: it must be 'local'"},
		{map[string]string{"E2E_SEED_ADMIN": "1"}, "E2E_SEED_ADMIN is only allowed where APP_ENV is local, test, testing or ci"},
		{
			map[string]string{"DEV_SEED_ADMIN": "1", "APP_ENV": "local", "DEV_SEED_ADMIN_ROLE": "admn"},
			"DEV_SEED_ADMIN_ROLE must be one of admin, employee",
		},
		{
			map[string]string{"APP_ENV": "prod"},
			"APP_ENV must be one of local, development, test, testing, ci, staging, production",
		},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			if _, err := adapters.ConfigFrom(c.env); err == nil || err.Error() != c.want {
				t.Errorf("ConfigFrom(%v): %v, want %s", c.env, err, c.want)
			}
		})
	}
}

func TestAllMistakesAreReportedAtOnceInOneOrder(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"WORKERS": "many", "CHUNK_SIZE": "0", "CHUNK_OVERLAP": "-5", "MAX_TITLE_CHARS": "0", "MAX_SOURCE_CHARS": "-1", "MAX_BODY_BYTES": "0",
		"PARSE_MAX_PAGES": "0", "WORKER_POLL": "1ns",
	}
	want := strings.Join([]string{
		"WORKERS must be a whole number",
		"MAX_BODY_BYTES must be from 1 to 524288000",
		"WORKER_POLL must be at least 10ms",
		"CHUNK_SIZE (chunk_size) must be greater than 0",
		"CHUNK_OVERLAP (chunk_overlap) must not be less than 0",
		"MAX_TITLE_CHARS must be greater than 0",
		"MAX_SOURCE_CHARS must be greater than 0",
		"PARSE_MAX_PAGES must be greater than 0",
	}, "\n")
	for range 10 {
		_, err := adapters.ConfigFrom(env)
		if err == nil {
			t.Fatal("ConfigFrom accepts eight mistakes")
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Fatalf("error (-want +got):\n%s", diff)
		}
	}
}

func TestProductionRefusesWhatIsUnsafe(t *testing.T) {
	t.Parallel()
	safe := map[string]string{
		"APP_ENV": "production", "JWT_SECRET": "0123456789abcdef0123456789abcdef", "JWT_COOKIE_SECURE": "true",
		"METRICS_REQUIRE_AUTH": "true", "ALLOWED_ORIGINS": "https://app.example",
		"DATABASE_URL": "postgres://ragcorp:q7Zr2mXw@postgres/ragcorp", "S3_ACCESS_KEY": "ragcorp", "S3_SECRET_KEY": "q7Zr2mXw",
	}
	if _, err := adapters.ConfigFrom(safe); err != nil {
		t.Fatalf("a safe configuration: %v", err)
	}
	for _, c := range []struct{ name, value, want string }{
		{"JWT_SECRET", "", "JWT_SECRET must have at least 32"},
		{"JWT_SECRET", "0123456789abcdef", "JWT_SECRET must have at least 32"},
		{"JWT_SECRET", "changeme-changeme-changeme-changeme", "placeholder"},
		{"JWT_SECRET", "dev-secret-dev-secret-dev-secret-dev", "placeholder"},
		{"JWT_SECRET", "for-development-only-known-to-everybody", "placeholder"},
		{"DATABASE_URL", "postgres://ragcorp:development@postgres/ragcorp", "DATABASE_URL"},
		{"DATABASE_URL", "postgres://postgres:postgres@postgres/ragcorp", "DATABASE_URL"},
		{"S3_SECRET_KEY", "development", "S3_SECRET_KEY"},
		{"JWT_COOKIE_SECURE", "false", "JWT_COOKIE_SECURE"},
		{"METRICS_REQUIRE_AUTH", "", "METRICS_REQUIRE_AUTH"},
		{"ALLOWED_ORIGINS", "*", "ALLOWED_ORIGINS"},
		{"DEV_SEED_ADMIN", "1", "DEV_SEED_ADMIN"},
		{"DEV_SEED_DEMO", "1", "DEV_SEED_DEMO"},
		{"E2E_SEED_ADMIN", "1", "E2E_SEED_ADMIN"},
	} {
		env := maps.Clone(safe)
		env[c.name] = c.value
		_, err := adapters.ConfigFrom(env)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%q in production: %v, want %q", c.name, c.value, err, c.want)
		}
		if err != nil && c.name == "JWT_SECRET" && c.value != "" && strings.Contains(err.Error(), c.value) {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

func TestSettingsShowWhatIsInForceAndHideSecrets(t *testing.T) {
	t.Parallel()
	c, err := adapters.ConfigFrom(map[string]string{
		"DATA_DIR": "/srv/rag", "JWT_SECRET": "the-secret-that-signs-sessions", "CHUNK_SIZE": "500", "WORKERS": "2",
		"EMBED_URL": "openai:https://me:pass-word@models.example/v1?api_key=sesame&x=1#m", "DEV_SEED_ADMIN_PASSWORD": "swordfish",
		"REDIS_URL": "redis://:open@barley@cache.example:6379/2",
	})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]adapters.Setting{}
	for _, s := range c.Settings() {
		if _, twice := byName[s.Name]; twice {
			t.Errorf("%s is listed twice", s.Name)
		}
		byName[s.Name] = s
		for _, secret := range []string{"the-secret", "swordfish", "pass-word", "sesame", "barley"} {
			if strings.Contains(s.Value, secret) {
				t.Errorf("%s shows %q", s.Name, s.Value)
			}
		}
	}
	for _, want := range []adapters.Setting{
		{Name: "DATA_DIR", Value: "/srv/rag"},
		{Name: "DATABASE_URL", Value: "sqlite:/srv/rag/ragcorp.db", Default: true},
		{Name: "JWT_SECRET", Value: "(hidden)", Secret: true},
		{Name: "API_KEYS_CONFIG", Default: true, Secret: true},
		{Name: "REDIS_URL", Value: "redis://(hidden)@cache.example:6379/2"},
		{Name: "QUEUE_URL", Value: "redis://(hidden)@cache.example:6379/2"},
		{Name: "CHUNK_SIZE", Value: "500"},
		{Name: "WORKERS", Value: "2", Default: true},
		{Name: "WORKER_LEASE", Value: "30s", Default: true},
		{Name: "ALLOWED_ORIGINS", Value: "http://localhost:3000", Default: true},
		{Name: "EMBED_URL", Value: "openai:https://(hidden)@models.example/v1?api_key=(hidden)&x=1#m"},
	} {
		got := byName[want.Name]
		got.Meaning = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Name, diff)
		}
	}
}

func TestEverySettingIsDocumentedAndOfAKnownType(t *testing.T) {
	t.Parallel()
	c, err := adapters.ConfigFrom(nil)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, s := range c.Settings() {
		named[s.Name] = true
		if len(s.Meaning) < 10 || !s.Default {
			t.Errorf("%s means %q; default %v", s.Name, s.Meaning, s.Default)
		}
	}
	known := []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int64](), reflect.TypeFor[float64](),
		reflect.TypeFor[[]string](), reflect.TypeFor[time.Duration](),
	}
	walk(reflect.TypeFor[adapters.Config](), func(f reflect.StructField) {
		ok := false
		for _, k := range known {
			ok = ok || k == f.Type
		}
		if !ok || !named[f.Tag.Get("env")] {
			t.Errorf("field %s of type %s: Settings lists it: %v", f.Name, f.Type, named[f.Tag.Get("env")])
		}
	})
}

// walk visits the fields of nested structs.
func walk(typ reflect.Type, visit func(reflect.StructField)) {
	for i := range typ.NumField() {
		if f := typ.Field(i); f.Type.Kind() == reflect.Struct {
			walk(f.Type, visit)
		} else {
			visit(f)
		}
	}
}

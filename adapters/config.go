// Package adapters puts the adapters behind the core's ports as the configuration says: the settings, and the one place
// where adapters are chosen.
package adapters

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/ragcorp/ragcorp/core/text"
)

// Config is every setting, read from the environment. With nothing set, the whole product runs in one folder.
type Config struct {
	Env string `env:"APP_ENV" envDefault:"development"` // local, development, test or production; production refuses what is unsafe

	Data      DataConfig
	HTTP      HTTPConfig
	Auth      AuthConfig
	Seed      SeedConfig
	Worker    WorkerConfig
	Documents DocumentConfig
	Answers   AnswerConfig
	Log       LogConfig
}

// DataConfig says where data is kept and which models are used.
type DataConfig struct {
	Dir          string `env:"DATA_DIR" envDefault:"./ragcorp-data"` // folder of the embedded profile: database, files, secret, caches
	DatabaseURL  string `env:"DATABASE_URL"`                         // sqlite:PATH; unset: ragcorp.db in DATA_DIR
	BlobURL      string `env:"BLOB_URL"`                             // file:///PATH or mem://; unset: files in DATA_DIR
	EmbedURL     string `env:"EMBED_URL" envDefault:"offline:"`      // the embedding model
	LLMURL       string `env:"LLM_URL" envDefault:"offline:"`        // the model that answers
	RelaxedSync  bool   `env:"SQLITE_RELAXED_SYNC"`                  // faster writes; the last ones may be lost when the power fails
	VectorMemory int64  `env:"VECTOR_CACHE_BYTES"`                   // memory for vector search; unset: 1 GiB
	AutoMigrate  bool   `env:"AUTO_MIGRATE" envDefault:"true"`       // bring the schema of the embedded database up to date on start
}

// HTTPConfig says how the API is served.
type HTTPConfig struct {
	Addr             string   `env:"HTTP_ADDR" envDefault:"127.0.0.1:8000"`
	AllowedOrigins   []string `env:"ALLOWED_ORIGINS" envDefault:"http://localhost:3000"` // CORS, separated by commas
	AllowCredentials bool     `env:"CORS_ALLOW_CREDENTIALS"`
	MaxBody          int64    `env:"MAX_BODY_BYTES" envDefault:"10485760"`   // of requests other than uploads; at most 500 MiB
	MaxUpload        int64    `env:"MAX_UPLOAD_BYTES" envDefault:"26214400"` // of one file; at most 500 MiB
	MaxTopK          int      `env:"MAX_TOP_K" envDefault:"20"`
	RateRPS          float64  `env:"RATE_LIMIT_RPS" envDefault:"10"`   // requests per second and client; 0: no limit
	RateBurst        int      `env:"RATE_LIMIT_BURST" envDefault:"20"` // how many at once; 0: no limit
	TrustedProxies   []string `env:"TRUSTED_PROXIES"`                  // networks whose X-Forwarded-For is believed, as CIDR
	MetricsAuth      bool     `env:"METRICS_REQUIRE_AUTH"`
}

// AuthConfig says how people and programs prove who they are.
type AuthConfig struct {
	JWTSecret    string `env:"JWT_SECRET"`                             // at least 32 characters; unset: generated, kept in DATA_DIR
	TTLMinutes   int    `env:"JWT_ACCESS_TTL_MINUTES" envDefault:"30"` // life of a session
	CookieName   string `env:"JWT_COOKIE_NAME" envDefault:"access_token"`
	CookieSecure bool   `env:"JWT_COOKIE_SECURE"`
	APIKeys      string `env:"API_KEYS_CONFIG"` // JSON: key to list of scopes
	RBAC         string `env:"RBAC_CONFIG"`     // JSON: roles, and roles of keys
}

// SeedConfig makes the first administrator in development.
type SeedConfig struct {
	Admin    bool   `env:"DEV_SEED_ADMIN"` // needs APP_ENV=local
	Email    string `env:"DEV_SEED_ADMIN_EMAIL" envDefault:"admin@local"`
	Password string `env:"DEV_SEED_ADMIN_PASSWORD" envDefault:"admin"`
	Role     string `env:"DEV_SEED_ADMIN_ROLE" envDefault:"admin"`
	Reset    bool   `env:"DEV_SEED_ADMIN_FORCE_RESET"` // set password and role even if the user exists
}

// WorkerConfig says how deliveries are worked on.
type WorkerConfig struct {
	Count       int           `env:"WORKERS" envDefault:"2"` // deliveries at once in a process; 0 in the http shell: none
	Lease       time.Duration `env:"WORKER_LEASE" envDefault:"30s"`
	Poll        time.Duration `env:"WORKER_POLL" envDefault:"500ms"`
	Drain       time.Duration `env:"WORKER_DRAIN_TIMEOUT" envDefault:"30s"` // how long running work may take to finish on shutdown
	MaxAttempts int           `env:"WORKER_MAX_FAILURES" envDefault:"8"`    // after so many failures a delivery is dead
	HTTPPort    int           `env:"WORKER_HTTP_PORT" envDefault:"8001"`    // health and metrics of the worker shell
}

// DocumentConfig says how documents are read and cut.
type DocumentConfig struct {
	ChunkSize    int           `env:"CHUNK_SIZE" envDefault:"900"`    // characters
	ChunkOverlap int           `env:"CHUNK_OVERLAP" envDefault:"120"` // characters
	MaxText      int           `env:"MAX_INGEST_CHARS" envDefault:"100000"`
	MaxTitle     int           `env:"MAX_TITLE_CHARS" envDefault:"200"`
	MaxSource    int           `env:"MAX_SOURCE_CHARS" envDefault:"500"`
	MaxPages     int           `env:"PARSE_MAX_PAGES" envDefault:"5000"`
	ParseMemory  int64         `env:"PARSE_MAX_MEMORY_BYTES" envDefault:"1073741824"` // of the process that reads files
	ParseTimeout time.Duration `env:"PARSE_TIMEOUT" envDefault:"5m"`
}

// AnswerConfig says how questions are answered.
type AnswerConfig struct {
	MaxQuery   int `env:"MAX_QUERY_CHARS" envDefault:"2000"`
	MaxContext int `env:"MAX_CONTEXT_CHARS" envDefault:"12000"`
	History    int `env:"MAX_CONVERSATION_MESSAGES" envDefault:"12"`
}

// LogConfig says how the programs log.
type LogConfig struct {
	Level string `env:"LOG_LEVEL" envDefault:"info"` // debug, info, warn or error
	JSON  bool   `env:"LOG_JSON" envDefault:"true"`
}

// ConfigFromEnv reads the configuration from the process's environment and reports all mistakes at once.
func ConfigFromEnv() (Config, error) {
	return configFrom(env.Options{})
}

// ConfigFrom is ConfigFromEnv with an environment of the caller's.
func ConfigFrom(environment map[string]string) (Config, error) {
	return configFrom(env.Options{Environment: environment})
}

func configFrom(o env.Options) (Config, error) {
	var c Config
	err := env.ParseWithOptions(&c, o)
	if err != nil {
		return Config{}, err
	}
	c.Env = strings.ToLower(strings.TrimSpace(c.Env))
	c.Data.DatabaseURL = orElse(c.Data.DatabaseURL, "sqlite:"+filepath.Join(c.Data.Dir, "ragcorp.db"))
	c.Data.BlobURL = orElse(c.Data.BlobURL, "file:"+filepath.ToSlash(filepath.Join(c.Data.Dir, "blobs")))
	return c, c.validate()
}

func orElse(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}

// Production reports whether the programs face the world.
func (c Config) Production() bool { return c.Env == "production" }

// Chunks is how documents are cut.
func (c Config) Chunks() text.Options {
	return text.Options{Size: c.Documents.ChunkSize, Overlap: c.Documents.ChunkOverlap}
}

const maxBytes = 500 << 20

func (c Config) validate() error {
	var errs []error
	bad := func(when bool, format string, args ...any) {
		if when {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	h := c.HTTP
	_, _, addrErr := net.SplitHostPort(h.Addr)
	bad(addrErr != nil, "HTTP_ADDR must be host:port")
	bad(h.MaxBody < 1 || h.MaxBody > maxBytes, "MAX_BODY_BYTES must be from 1 to %d", maxBytes)
	bad(h.MaxUpload < 1 || h.MaxUpload > maxBytes, "MAX_UPLOAD_BYTES must be from 1 to %d", maxBytes)
	bad(h.MaxTopK < 1 || h.MaxTopK > 50, "MAX_TOP_K must be from 1 to 50")
	bad(h.RateRPS < 0, "RATE_LIMIT_RPS must not be negative")
	bad(h.RateBurst < 0, "RATE_LIMIT_BURST must not be negative")
	for _, p := range h.TrustedProxies {
		_, _, err := net.ParseCIDR(p)
		bad(err != nil, "TRUSTED_PROXIES must be networks such as 10.0.0.0/8")
	}
	for _, o := range h.AllowedOrigins {
		bad(o == "*" && h.AllowCredentials, "ALLOWED_ORIGINS must not be * while CORS_ALLOW_CREDENTIALS is on")
	}
	d := c.Documents
	bad(d.ChunkSize <= 0, "CHUNK_SIZE (chunk_size) must be greater than 0")
	bad(d.ChunkOverlap < 0, "CHUNK_OVERLAP (chunk_overlap) must not be less than 0")
	bad(d.ChunkSize > 0 && d.ChunkOverlap >= d.ChunkSize,
		"CHUNK_OVERLAP (chunk_overlap, %d) must be less than CHUNK_SIZE (chunk_size, %d)", d.ChunkOverlap, d.ChunkSize)
	for name, n := range map[string]int{
		"MAX_INGEST_CHARS": d.MaxText, "MAX_TITLE_CHARS": d.MaxTitle, "MAX_SOURCE_CHARS": d.MaxSource,
		"PARSE_MAX_PAGES": d.MaxPages, "MAX_QUERY_CHARS": c.Answers.MaxQuery, "MAX_CONTEXT_CHARS": c.Answers.MaxContext,
		"MAX_CONVERSATION_MESSAGES": c.Answers.History, "JWT_ACCESS_TTL_MINUTES": c.Auth.TTLMinutes,
		"WORKER_MAX_FAILURES": c.Worker.MaxAttempts,
	} {
		bad(n <= 0, "%s must be greater than 0", name)
	}
	bad(c.Worker.Count < 0, "WORKERS must not be negative")
	bad(c.Worker.Lease < time.Second, "WORKER_LEASE must be at least one second")
	bad(c.Worker.Poll < 10*time.Millisecond, "WORKER_POLL must be at least 10ms")
	bad(c.Auth.JWTSecret != "" && len(c.Auth.JWTSecret) < 16, "JWT_SECRET must have at least 16 characters")
	bad(!cookieName.MatchString(c.Auth.CookieName), "JWT_COOKIE_NAME must be a token")
	bad(c.Seed.Admin && c.Env != "local", "DEV_SEED_ADMIN is only allowed where APP_ENV is local: it must be 'local'")
	return errors.Join(append(errs, c.productionErrors()...)...)
}

var cookieName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// productionErrors are the reasons not to face the world with these settings.
func (c Config) productionErrors() []error {
	if !c.Production() {
		return nil
	}
	var errs []error
	bad := func(when bool, rule string) {
		if when {
			errs = append(errs, errors.New("in production "+rule))
		}
	}
	secret := strings.ToLower(c.Auth.JWTSecret)
	bad(len(secret) < 32, "JWT_SECRET must have at least 32 characters")
	bad(strings.Contains(secret, "changeme") || strings.Contains(secret, "change-me") || strings.Contains(secret, "dev-secret"),
		"JWT_SECRET must not be a placeholder")
	bad(!c.Auth.CookieSecure, "JWT_COOKIE_SECURE must be on")
	bad(!c.HTTP.MetricsAuth, "METRICS_REQUIRE_AUTH must be on")
	for _, o := range c.HTTP.AllowedOrigins {
		bad(o == "*", "ALLOWED_ORIGINS must not be *")
	}
	return errs
}

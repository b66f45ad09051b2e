package adapters

import (
	"cmp"
	"fmt"
	"math"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/adapters/queue"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
)

const (
	maxBytes      = 500 << 20
	maxTTLMinutes = 366 * 24 * 60
)

var cookieName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// rules collects those that a configuration breaks, in the order in which they are checked. No message repeats a value that
// may be secret.
type rules []error

// broken notes a rule when it is broken.
func (r *rules) broken(when bool, format string, args ...any) {
	if when {
		*r = append(*r, fmt.Errorf(format, args...))
	}
}

// within holds a setting to a range.
func within[N cmp.Ordered](r *rules, name string, n, least, most N) {
	r.broken(n < least || n > most, "%s must be from %v to %v", name, least, most)
}

// positive holds a setting to be greater than 0.
func positive[N int | int64 | time.Duration](r *rules, name string, n N) {
	r.broken(n <= 0, "%s must be greater than 0", name)
}

// oneOf holds a setting to a list.
func (r *rules) oneOf(name, value string, known ...string) {
	r.broken(!slices.Contains(known, strings.ToLower(strings.TrimSpace(value))), "%s must be one of %s", name, strings.Join(known, ", "))
}

// validate returns all rules that the configuration breaks.
func (c Config) validate() []error {
	var r rules
	r.oneOf("APP_ENV", c.Env, "local", "development", "test", "testing", "ci", "staging", "production")
	r.oneOf("LOG_LEVEL", c.Log.Level, "debug", "info", "warn", "warning", "error")
	positive(&r, "VECTOR_CACHE_BYTES", c.Data.VectorMemory)
	within(&r, "DATABASE_CONNECTIONS", c.Data.Connections, 2, 10_000)
	c.S3.check(&r)
	c.Models.check(&r)
	c.Rerank.check(&r)
	c.HTTP.check(&r)
	c.Auth.check(&r)
	c.Worker.check(&r)
	c.Queue.check(&r)
	c.Documents.check(&r)
	c.Contexts.check(&r)
	c.Answers.check(&r)
	c.Traces.check(&r)
	c.Seed.check(&r, c.Env)
	if c.Production() {
		c.checkProduction(&r)
	}
	return r
}

// check holds seeds, whose passwords everybody knows, to places where nobody else gets in.
func (s SeedConfig) check(r *rules, env string) {
	r.broken(s.Admin && env != "local", "DEV_SEED_ADMIN is only allowed where APP_ENV is local: it must be 'local'")
	r.broken(s.Demo && env != "local", "DEV_SEED_DEMO is only allowed where APP_ENV is local: it must be 'local'")
	r.broken(s.Tests && !slices.Contains([]string{"local", "test", "testing", "ci"}, env),
		"E2E_SEED_ADMIN is only allowed where APP_ENV is local, test, testing or ci")
	if s.Admin {
		r.oneOf("DEV_SEED_ADMIN_ROLE", s.Role, string(identity.Admin), string(identity.Employee))
	}
}

func (s S3Config) check(r *rules) {
	r.broken((s.AccessKey == "") != (s.SecretKey == ""), "S3_ACCESS_KEY and S3_SECRET_KEY go together")
	r.broken(s.Bucket != "" && s.AccessKey == "", "S3_BUCKET takes S3_ACCESS_KEY and S3_SECRET_KEY; BLOB_URL=s3://BUCKET does without them")
	r.broken(s.Timeout < time.Second, "S3_TIMEOUT must be at least one second")
	within(r, "S3_LINK_SECONDS", s.LinkSeconds, 0, 24*60*60)
}

func (m ModelConfig) check(r *rules) {
	within(r, "EMBED_DIMENSION", m.Dimension, 0, 1<<16)
	within(r, "EMBED_NEXT_DIMENSION", m.NextNumbers, 0, 1<<16)
	within(r, "EMBED_QUERY_TIMEOUT", m.QueryTimeout, 10*time.Millisecond, 10*time.Minute)
	r.broken(m.Timeout < time.Second, "MODEL_TIMEOUT must be at least one second")
	within(r, "RETRY_MAX_ATTEMPTS", m.Attempts, 1, 100)
	r.broken(!(m.Backoff > 0 && m.Backoff <= 3600), "RETRY_BASE_DELAY_SECONDS must be greater than 0 and at most 3600")
	r.broken(!(m.MaxWait > 0 && m.MaxWait <= 3600), "RETRY_MAX_DELAY_SECONDS must be greater than 0 and at most 3600")
	within(r, "MODEL_REQUESTS_PER_MINUTE", m.PerMinute, 0, 1_000_000)
	within(r, "MODEL_TOKENS_PER_MINUTE", m.TokensPerMin, 0, 1_000_000_000)
	within(r, "EMBED_CACHE_QUERIES", m.QueryCache, 0, 1_000_000)
	within(r, "MODEL_CONCURRENCY", m.Concurrency, 1, 1_000_000)
}

func (h HTTPConfig) check(r *rules) {
	_, _, err := net.SplitHostPort(h.Addr)
	r.broken(err != nil, "HTTP_ADDR must be host:port")
	within(r, "MAX_BODY_BYTES", h.MaxBody, 1, maxBytes)
	within(r, "MAX_UPLOAD_BYTES", h.MaxUpload, 1, maxBytes)
	within(r, "MAX_BATCH_BYTES", h.MaxBatch, 1, 2<<30)
	within(r, "SLOW_CLIENT_TIMEOUT", h.SlowClient, time.Second, time.Hour)
	within(r, "MAX_TOP_K", h.MaxTopK, 1, 50)
	r.broken(!(h.RateRPS >= 0) || math.IsInf(h.RateRPS, 0), "RATE_LIMIT_RPS must not be negative or infinite")
	r.broken(h.RateBurst < 0, "RATE_LIMIT_BURST must not be negative")
	r.broken(slices.ContainsFunc(h.TrustedProxies, notNetwork), "TRUSTED_PROXIES must be networks such as 10.0.0.0/8")
	r.broken(h.AllowCredentials && slices.Contains(h.AllowedOrigins, "*"),
		"ALLOWED_ORIGINS must not be * while CORS_ALLOW_CREDENTIALS is on")
}

func notNetwork(s string) bool {
	_, _, err := net.ParseCIDR(s)
	return err != nil
}

func (a AuthConfig) check(r *rules) {
	r.broken(a.JWTSecret != "" && len(a.JWTSecret) < 16, "JWT_SECRET must have at least 16 characters")
	within(r, "JWT_ACCESS_TTL_MINUTES", a.TTLMinutes, 1, maxTTLMinutes)
	r.broken(!cookieName.MatchString(a.CookieName), "JWT_COOKIE_NAME must consist of letters, digits, - and _")
}

func (w WorkerConfig) check(r *rules) {
	r.broken(w.Count < 0, "WORKERS must not be negative")
	r.broken(w.Lease < time.Second, "WORKER_LEASE must be at least one second")
	r.broken(w.Poll < 10*time.Millisecond, "WORKER_POLL must be at least 10ms")
	r.broken(w.Drain < 0, "WORKER_DRAIN_TIMEOUT must not be negative")
	positive(r, "WORKER_MAX_FAILURES", w.MaxAttempts)
	within(r, "WORKER_HTTP_PORT", w.HTTPPort, 0, 65535)
}

func (q QueueConfig) check(r *rules) {
	const form = "redis://USER:PASSWORD@HOST:PORT/NUMBER, or rediss: for TLS"
	r.broken(q.RedisURL != "" && queue.CheckURL(q.RedisURL) != nil, "REDIS_URL must be %s", form)
	r.broken(q.URL != noQueue && q.URL != q.RedisURL && queue.CheckURL(q.URL) != nil, "QUEUE_URL must be events: or %s", form)
	within(r, "QUEUE_BACKLOG", q.Backlog, 1, 100_000)
	r.broken(q.Visibility < time.Second, "QUEUE_VISIBILITY must be at least one second")
}

func (d DocumentConfig) check(r *rules) {
	r.broken(d.Restore < 0, "DOCUMENT_RESTORE_WINDOW must not be negative")
	within(r, "TITLE_WEIGHT", d.TitleWeight, 0, 100)
	r.oneOf("CHUNK_UNIT", d.ChunkUnit, "characters", "tokens")
	r.broken(d.ChunkSize <= 0, "CHUNK_SIZE (chunk_size) must be greater than 0")
	r.broken(d.ChunkOverlap < 0, "CHUNK_OVERLAP (chunk_overlap) must not be less than 0")
	r.broken(d.ChunkSize > 0 && d.ChunkOverlap >= d.ChunkSize,
		"CHUNK_OVERLAP (chunk_overlap, %d) must be less than CHUNK_SIZE (chunk_size, %d)", d.ChunkOverlap, d.ChunkSize)
	positive(r, "MAX_INGEST_CHARS", d.MaxText)
	positive(r, "MAX_TITLE_CHARS", d.MaxTitle)
	positive(r, "MAX_SOURCE_CHARS", d.MaxSource)
	positive(r, "PARSE_MAX_PAGES", d.MaxPages)
	positive(r, "PARSE_MAX_TEXT_BYTES", d.ParseText)
	positive(r, "PARSE_MAX_MEMORY_BYTES", d.ParseMemory)
	positive(r, "PARSE_TIMEOUT", d.ParseTimeout)
	positive(r, "PARSE_MAX_UNPACKED_BYTES", d.ParseUnpacked)
	r.broken(d.ParseCPU < time.Second, "PARSE_CPU_TIME must be at least 1s")
	r.broken(d.ParseFiles < 16, "PARSE_MAX_OPEN_FILES must be at least 16")
	positive(r, "PARSE_IDLE_AFTER", d.ParseIdle)
	positive(r, "OCR_TIMEOUT", d.OCRTimeout)
}

func (a AnswerConfig) check(r *rules) {
	positive(r, "MAX_QUERY_CHARS", a.MaxQuery)
	positive(r, "MAX_CONTEXT_CHARS", a.MaxContext)
	positive(r, "MAX_CONVERSATION_MESSAGES", a.History)
	r.oneOf("RAG_INJECTION_FILTER_MODE", a.InjectionFilter, "off", "mark", "downrank", "exclude")
	r.broken(!(a.InjectionRisk > 0 && a.InjectionRisk <= 1),
		"RAG_INJECTION_RISK_THRESHOLD (rag_injection_risk_threshold) must be greater than 0 and at most 1")
	within(r, "CONVERSATION_DAYS", a.KeepTalks, 0, 36_500)
	within(r, "ANSWER_AUDIT_DAYS", a.KeepAudit, 0, 36_500)
	r.broken(a.Window < 0 || a.Window > time.Minute, "STREAM_RESUME_WINDOW must be from 0 to 1m")
	r.broken(!slices.Contains(chat.PromptVersions(), strings.ToLower(a.Prompt)),
		"PROMPT_VERSION must be one of %s", strings.Join(chat.PromptVersions(), ", "))
}

func (t TraceConfig) check(r *rules) {
	u, err := url.Parse(t.Endpoint)
	r.broken(t.Endpoint != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == ""),
		"OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4318")
	r.broken(!(t.Ratio >= 0 && t.Ratio <= 1), "OTEL_TRACES_SAMPLER_ARG must be from 0 to 1")
}

// checkProduction holds the reasons not to face the world with these settings.
func (c Config) checkProduction(r *rules) {
	r.broken(len(c.Auth.JWTSecret) < 32, "in production JWT_SECRET must have at least 32 characters")
	r.broken(placeholder(c.Auth.JWTSecret), "in production JWT_SECRET must not be a placeholder")
	r.broken(placeholder(passwordIn(c.Data.DatabaseURL)), "in production the password in DATABASE_URL must not be a placeholder")
	r.broken(placeholder(c.S3.SecretKey), "in production S3_SECRET_KEY must not be a placeholder")
	r.broken(!c.Auth.CookieSecure, "in production JWT_COOKIE_SECURE must be on")
	r.broken(!c.HTTP.MetricsAuth, "in production METRICS_REQUIRE_AUTH must be on")
	r.broken(slices.Contains(c.HTTP.AllowedOrigins, "*"), "in production ALLOWED_ORIGINS must not be *")
}

// placeholder reports whether a secret is one that stands in examples.
func placeholder(secret string) bool {
	s := strings.ToLower(strings.TrimSpace(secret))
	known := []string{"changeme", "change-me", "change_me", "dev-secret", "development"}
	return slices.Contains([]string{"password", "admin", "postgres", "secret"}, s) ||
		slices.ContainsFunc(known, func(p string) bool { return strings.Contains(s, p) })
}

// passwordIn is the password in a URL; empty where there is none.
func passwordIn(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}

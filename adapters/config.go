// Package adapters puts the adapters behind the core's ports as the configuration says: the settings, and the one place
// where adapters are chosen.
package adapters

import (
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/core/text"
)

// Config is every setting, read from the environment. With nothing set, the whole product runs in one folder.
//
// The tags of a field say everything about its setting: env is the variable, envDefault what holds when it is not set, desc
// what it means, and secret that its value is shown to nobody. Settings lists them.
type Config struct {
	Env string `env:"APP_ENV" envDefault:"development" desc:"local, development, test or production; production refuses what is unsafe"`

	Data      DataConfig
	S3        S3Config
	Models    ModelConfig
	Rerank    RerankConfig
	HTTP      HTTPConfig
	Auth      AuthConfig
	Seed      SeedConfig
	Worker    WorkerConfig
	Queue     QueueConfig
	Documents DocumentConfig
	Contexts  ContextConfig
	Answers   AnswerConfig
	Log       LogConfig
	Traces    TraceConfig
}

// DataConfig says where data is kept and which models are used.
type DataConfig struct {
	Dir          string `env:"DATA_DIR" envDefault:"./ragcorp-data" desc:"folder of the embedded profile: database, files, secret, caches"`
	DatabaseURL  string `env:"DATABASE_URL" desc:"sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE; not set: sqlite:, ragcorp.db in DATA_DIR"`
	BlobURL      string `env:"BLOB_URL" desc:"file:///PATH, s3://BUCKET[/PREFIX][?endpoint=URL&region=REGION] or mem://; not set: s3://S3_BUCKET, or without that the folder blobs in DATA_DIR"`
	EmbedURL     string `env:"EMBED_URL" desc:"the model that embeds: offline:, openai:BASE_URL#MODEL or gemini:MODEL; not set: gemini:gemini-embedding-001 where GOOGLE_API_KEY is set, otherwise offline:"`
	NextURL      string `env:"EMBED_NEXT_URL" desc:"the model that is to take the place of EMBED_URL's: documents are embedded with both; see ctl help spaces"`
	LLMURL       string `env:"LLM_URL" desc:"the model that answers: offline:, openai:BASE_URL#MODEL, gemini:MODEL or anthropic:MODEL; not set: gemini:gemini-2.5-flash where GOOGLE_API_KEY is set, otherwise offline:"`
	RelaxedSync  bool   `env:"SQLITE_RELAXED_SYNC" envDefault:"false" desc:"faster writes; the last ones may be lost when the power fails"`
	VectorMemory int64  `env:"VECTOR_CACHE_BYTES" envDefault:"1073741824" desc:"memory for searching vectors of sqlite:"`
	AutoMigrate  bool   `env:"AUTO_MIGRATE" desc:"bring the schema of the database up to date on start; not set: only that of sqlite:, so that many programs may share a database of postgres:"`
	Connections  int    `env:"DATABASE_CONNECTIONS" envDefault:"16" desc:"connections of a program to the database at once; of sqlite:, readers"`
}

// S3Config says how to reach files on a server that speaks S3.
type S3Config struct {
	Bucket      string        `env:"S3_BUCKET" desc:"bucket for files; it must exist"`
	Endpoint    string        `env:"S3_ENDPOINT_URL" desc:"the server; not set: Amazon's"`
	Public      string        `env:"S3_PUBLIC_ENDPOINT_URL" desc:"the server as clients reach it, for links; not set: S3_ENDPOINT_URL"`
	Region      string        `env:"S3_REGION" desc:"the bucket's region; not set: AWS_REGION, or else us-east-1"`
	AccessKey   string        `env:"S3_ACCESS_KEY" secret:"true" desc:"with S3_SECRET_KEY proves who we are; not set and BLOB_URL is s3: what the AWS SDK finds by itself, such as the machine's role"`
	SecretKey   string        `env:"S3_SECRET_KEY" secret:"true" desc:"see S3_ACCESS_KEY"`
	PathStyle   bool          `env:"S3_PATH_STYLE" envDefault:"true" desc:"the bucket stands in the path and not in the host name; without S3_ENDPOINT_URL Amazon's own way holds"`
	Timeout     time.Duration `env:"S3_TIMEOUT" envDefault:"30s" desc:"how long the server may be silent; at least 1s"`
	LinkSeconds int           `env:"S3_LINK_SECONDS" envDefault:"0" desc:"downloads are redirected to the server, to an address that works so long, at most a day; 0: they pass through the API"`
}

// ModelConfig says how models over the network are called.
type ModelConfig struct {
	OpenAIKey    string        `env:"OPENAI_API_KEY" secret:"true" desc:"key for models of openai:; servers of one's own often need none"`
	AnthropicKey string        `env:"ANTHROPIC_API_KEY" secret:"true" desc:"key for models of anthropic:"`
	GoogleKey    string        `env:"GOOGLE_API_KEY" secret:"true" desc:"key for models of gemini:; alone it selects them"`
	Dimension    int           `env:"EMBED_DIMENSION" envDefault:"0" desc:"numbers per vector; 0: 768 for gemini:, and for openai: what the model shows when it is asked on start"`
	NextNumbers  int           `env:"EMBED_NEXT_DIMENSION" envDefault:"0" desc:"as EMBED_DIMENSION, for EMBED_NEXT_URL"`
	QueryTimeout time.Duration `env:"EMBED_QUERY_TIMEOUT" envDefault:"5s" desc:"how long a query waits for its vector, retries included; then words alone answer it"`
	Timeout      time.Duration `env:"MODEL_TIMEOUT" envDefault:"1m" desc:"how long a model may be silent before a call is given up; at least 1s"`
	Attempts     int           `env:"RETRY_MAX_ATTEMPTS" envDefault:"3" desc:"how often a call of a model is tried"`
	Backoff      float64       `env:"RETRY_BASE_DELAY_SECONDS" envDefault:"1" desc:"wait before the second try; it doubles with each one"`
	MaxWait      float64       `env:"RETRY_MAX_DELAY_SECONDS" envDefault:"30" desc:"longest wait before a try; what had to wait longer fails at once"`
	PerMinute    int           `env:"MODEL_REQUESTS_PER_MINUTE" envDefault:"0" desc:"requests to a model; 0: no limit"`
	TokensPerMin int           `env:"MODEL_TOKENS_PER_MINUTE" envDefault:"0" desc:"tokens to a model, estimated by the length of texts; 0: no limit"`
	QueryCache   int           `env:"EMBED_CACHE_QUERIES" envDefault:"2048" desc:"queries whose vectors are kept in memory, for models over the network; 0: none"`
	Concurrency  int           `env:"MODEL_CONCURRENCY" envDefault:"256" desc:"calls of a model at once; others wait for their turn"`
}

// HTTPConfig says how the API is served.
type HTTPConfig struct {
	Addr             string        `env:"HTTP_ADDR" envDefault:"127.0.0.1:8000" desc:"host:port to listen on"`
	AllowedOrigins   []string      `env:"ALLOWED_ORIGINS" envDefault:"http://localhost:3000" desc:"origins that browsers may call from (CORS), separated by commas"`
	AllowCredentials bool          `env:"CORS_ALLOW_CREDENTIALS" envDefault:"false" desc:"browsers may send the session's cookie from those origins"`
	MaxBody          int64         `env:"MAX_BODY_BYTES" envDefault:"10485760" desc:"of requests other than uploads; at most 500 MiB"`
	MaxUpload        int64         `env:"MAX_UPLOAD_BYTES" envDefault:"26214400" desc:"of one file; at most 500 MiB"`
	MaxBatch         int64         `env:"MAX_BATCH_BYTES" envDefault:"268435456" desc:"of a request with many files; at most 2 GiB"`
	SlowClient       time.Duration `env:"SLOW_CLIENT_TIMEOUT" envDefault:"30s" desc:"for how long a client may send or take nothing; a body has a second more for each 16 KiB that have come; at least 1s"`
	MaxTopK          int           `env:"MAX_TOP_K" envDefault:"20" desc:"most passages that a query may ask for; at most 50"`
	RateRPS          float64       `env:"RATE_LIMIT_RPS" envDefault:"10" desc:"requests per second and client; 0: no limit"`
	RateBurst        int           `env:"RATE_LIMIT_BURST" envDefault:"20" desc:"requests of a client at once; 0: no limit"`
	TrustedProxies   []string      `env:"TRUSTED_PROXIES" desc:"networks whose X-Forwarded-For is believed, such as 10.0.0.0/8, separated by commas"`
	MetricsAuth      bool          `env:"METRICS_REQUIRE_AUTH" envDefault:"false" desc:"metrics take the permission admin:metrics"`
}

// AuthConfig says how people and programs prove who they are.
type AuthConfig struct {
	JWTSecret    string `env:"JWT_SECRET" secret:"true" desc:"signs sessions; at least 16 characters, in production 32; not set: generated and kept in DATA_DIR"`
	TTLMinutes   int    `env:"JWT_ACCESS_TTL_MINUTES" envDefault:"30" desc:"life of a session; at most a year"`
	CookieName   string `env:"JWT_COOKIE_NAME" envDefault:"access_token" desc:"name of the session's cookie"`
	CookieSecure bool   `env:"JWT_COOKIE_SECURE" envDefault:"false" desc:"browsers send the cookie over HTTPS only"`
	APIKeys      string `env:"API_KEYS_CONFIG" secret:"true" desc:"API keys beside those of the database; JSON: key to list of scopes"`
	RBAC         string `env:"RBAC_CONFIG" secret:"true" desc:"roles of API keys; JSON: roles, and roles of keys"`
}

// SeedConfig makes users, and what they need to try things out, where nobody else gets in.
type SeedConfig struct {
	Admin    bool   `env:"DEV_SEED_ADMIN" envDefault:"false" desc:"make an administrator on start; needs APP_ENV=local"`
	Email    string `env:"DEV_SEED_ADMIN_EMAIL" envDefault:"admin@local" desc:"the administrator's e-mail address"`
	Password string `env:"DEV_SEED_ADMIN_PASSWORD" envDefault:"admin" secret:"true" desc:"the administrator's password"`
	Role     string `env:"DEV_SEED_ADMIN_ROLE" envDefault:"admin" desc:"admin or employee"`
	Reset    bool   `env:"DEV_SEED_ADMIN_FORCE_RESET" envDefault:"false" desc:"set password and role even if the user exists"`
	Demo     bool   `env:"DEV_SEED_DEMO" envDefault:"false" desc:"make admin@local, employee1@local and employee2@local on start, with the passwords admin, employee1 and employee2 and a workspace each; needs APP_ENV=local"`

	Tests         bool   `env:"E2E_SEED_ADMIN" envDefault:"false" desc:"make an administrator for tests on start; needs APP_ENV local, test, testing or ci"`
	TestsEmail    string `env:"E2E_ADMIN_EMAIL" envDefault:"admin@local" desc:"the e-mail address of the administrator for tests"`
	TestsPassword string `env:"E2E_ADMIN_PASSWORD" envDefault:"admin" secret:"true" desc:"the password of the administrator for tests"`
}

// WorkerConfig says how deliveries are worked on.
type WorkerConfig struct {
	Count       int           `env:"WORKERS" envDefault:"2" desc:"deliveries at once in a process; 0 in the http shell: none"`
	Lease       time.Duration `env:"WORKER_LEASE" envDefault:"30s" desc:"how long a dead worker keeps others from its work; at least 1s"`
	Poll        time.Duration `env:"WORKER_POLL" envDefault:"500ms" desc:"how often to look for work; at least 10ms"`
	Drain       time.Duration `env:"WORKER_DRAIN_TIMEOUT" envDefault:"30s" desc:"how long running work may take to finish on shutdown"`
	MaxAttempts int           `env:"WORKER_MAX_FAILURES" envDefault:"8" desc:"after so many failures a delivery is dead"`
	HTTPPort    int           `env:"WORKER_HTTP_PORT" envDefault:"8001" desc:"health and metrics of the worker shell, 0: none"`
	HTTPHost    string        `env:"WORKER_HTTP_HOST" envDefault:"127.0.0.1" desc:"address on which WORKER_HTTP_PORT is served"`
}

// QueueConfig says how workers hear of deliveries. The database holds them in any case.
type QueueConfig struct {
	RedisURL   string        `env:"REDIS_URL" desc:"redis://USER:PASSWORD@HOST:PORT/NUMBER, or rediss: for TLS; installations that share a server need a number each"`
	URL        string        `env:"QUEUE_URL" desc:"the Redis over which work is announced, or events: for the database alone; not set: REDIS_URL, or without that events:"`
	Backlog    int           `env:"QUEUE_BACKLOG" envDefault:"200" desc:"announcements of a topic that may wait in Redis; the most that a workspace waits for another one's"`
	Visibility time.Duration `env:"QUEUE_VISIBILITY" envDefault:"1m" desc:"when work that was announced and not begun is announced again; at least 1s"`
}

// DocumentConfig says how documents are read and cut.
type DocumentConfig struct {
	Restore       time.Duration `env:"DOCUMENT_RESTORE_WINDOW" envDefault:"24h" desc:"for how long a deleted document can be restored before it is removed for good; 0: not at all"`
	ChunkSize     int           `env:"CHUNK_SIZE" envDefault:"900" desc:"length of a chunk, in CHUNK_UNIT"`
	ChunkOverlap  int           `env:"CHUNK_OVERLAP" envDefault:"120" desc:"what neighbours share, in CHUNK_UNIT; less than CHUNK_SIZE"`
	TitleWeight   int           `env:"TITLE_WEIGHT" envDefault:"1" desc:"how many times a word in a title or heading counts as one in the text does, for the search by words; for what is indexed from then on, or by ctl reindex"`
	ChunkUnit     string        `env:"CHUNK_UNIT" envDefault:"characters" desc:"characters, or tokens, which are estimated: 4 letters of English, 2 of other alphabets, 1 character of other scripts"`
	MaxText       int           `env:"MAX_INGEST_CHARS" envDefault:"100000" desc:"characters of a text to ingest"`
	MaxTitle      int           `env:"MAX_TITLE_CHARS" envDefault:"200" desc:"characters of a title or name"`
	MaxSource     int           `env:"MAX_SOURCE_CHARS" envDefault:"500" desc:"characters of a source"`
	MaxPages      int           `env:"PARSE_MAX_PAGES" envDefault:"5000" desc:"pages of a file"`
	ParseText     int64         `env:"PARSE_MAX_TEXT_BYTES" envDefault:"10485760" desc:"text found in a file; its processing takes some twenty times as much memory"`
	ParseMemory   int64         `env:"PARSE_MAX_MEMORY_BYTES" envDefault:"1073741824" desc:"memory of a process that reads files"`
	ParseTimeout  time.Duration `env:"PARSE_TIMEOUT" envDefault:"5m" desc:"how long reading one file may take"`
	ParseCPU      time.Duration `env:"PARSE_CPU_TIME" envDefault:"10m" desc:"CPU time that reading one file may take"`
	ParseFiles    int           `env:"PARSE_MAX_OPEN_FILES" envDefault:"32" desc:"files that a process that reads files may hold open, its pipes included; at least 16"`
	ParseUnpacked int64         `env:"PARSE_MAX_UNPACKED_BYTES" envDefault:"536870912" desc:"what is unpacked from one zip archive or Office file"`
	ParseIdle     time.Duration `env:"PARSE_IDLE_AFTER" envDefault:"1m" desc:"when a process that reads files and has nothing to do ends"`
	Convert       string        `env:"CONVERT_COMMAND" desc:"turns DOC, XLS, PPT and MSG into files that are read, such as soffice --headless --convert-to {to} --outdir {dir} {file}; not set: they are refused"`
	OCR           string        `env:"OCR" desc:"the program that reads pictures and scanned pages: tesseract, or where it is; not set: none"`
	OCRLanguages  []string      `env:"OCR_LANGUAGES" envDefault:"eng,spa" desc:"languages that OCR expects, by Tesseract's names, separated by commas"`
	OCRTimeout    time.Duration `env:"OCR_TIMEOUT" envDefault:"1m" desc:"how long OCR may take for a page"`
}

// AnswerConfig says how questions are answered.
type AnswerConfig struct {
	MaxQuery   int           `env:"MAX_QUERY_CHARS" envDefault:"2000" desc:"characters of a query or question"`
	MaxContext int           `env:"MAX_CONTEXT_CHARS" envDefault:"12000" desc:"characters of evidence that a model is shown"`
	History    int           `env:"MAX_CONVERSATION_MESSAGES" envDefault:"12" desc:"messages of a conversation that a model is shown"`
	Rewrite    bool          `env:"ENABLE_QUERY_REWRITE" envDefault:"true" desc:"questions that go on with a conversation are completed before they are searched for: by the model, or without one by adding words of the questions before"`
	KeepTalks  int           `env:"CONVERSATION_DAYS" envDefault:"0" desc:"days after which a conversation is deleted that nobody goes on with; 0: never"`
	KeepAudit  int           `env:"ANSWER_AUDIT_DAYS" envDefault:"365" desc:"days after which the record of an answer is deleted; 0: never"`
	Window     time.Duration `env:"STREAM_RESUME_WINDOW" envDefault:"500ms" desc:"how long a streamed answer goes on after its client has left, in case it comes back; 0: it ends at once"`
	Prompt     string        `env:"PROMPT_VERSION" envDefault:"v1" desc:"version of the prompt for answers: v1 or v2"`

	InjectionFilter string  `env:"RAG_INJECTION_FILTER_MODE" envDefault:"downrank" desc:"what becomes of passages that look like prompt injection: off, mark, downrank or exclude"`
	InjectionRisk   float64 `env:"RAG_INJECTION_RISK_THRESHOLD" envDefault:"0.6" desc:"risk from which on a passage looks like prompt injection, 0 to 1"`
}

// TraceConfig says where traces go.
type TraceConfig struct {
	Endpoint string  `env:"OTEL_EXPORTER_OTLP_ENDPOINT" desc:"URL of a collector of traces (OTLP over HTTP), such as http://localhost:4318; not set: nothing is traced"`
	Service  string  `env:"OTEL_SERVICE_NAME" envDefault:"ragcorp" desc:"name of the program in traces"`
	Ratio    float64 `env:"OTEL_TRACES_SAMPLER_ARG" envDefault:"1" desc:"share of requests that are traced, from 0 to 1, unless the caller has decided"`
}

// LogConfig says how the programs log.
type LogConfig struct {
	Level string `env:"LOG_LEVEL" envDefault:"info" desc:"debug, info, warn or error"`
	JSON  bool   `env:"LOG_JSON" envDefault:"true" desc:"one JSON object per line; otherwise for people"`
}

// Production reports whether the programs face the world.
func (c Config) Production() bool { return c.Env == "production" }

// Chunks is how documents are cut.
func (c Config) Chunks() text.Options {
	return text.Options{Size: c.Documents.ChunkSize, Overlap: c.Documents.ChunkOverlap, Tokens: strings.EqualFold(strings.TrimSpace(c.Documents.ChunkUnit), "tokens")}
}

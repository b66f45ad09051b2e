package ops

import (
	"fmt"
	"regexp"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// LogOptions say how to log.
type LogOptions struct {
	Level string // debug, info, warn or error, in any case
	JSON  bool   // one object per line; otherwise for people
}

// NewLogger makes the logger of a program, which writes to standard error. Values of fields whose name says that they are
// secret don't reach it, nor what looks like a token, a key or a password in any text.
func NewLogger(o LogOptions) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(strings.ToLower(o.Level))
	if err != nil {
		return nil, fmt.Errorf("LOG_LEVEL must be debug, info, warn or error")
	}
	c := zap.NewProductionConfig()
	c.Level = zap.NewAtomicLevelAt(level)
	c.OutputPaths, c.ErrorOutputPaths = []string{"stderr"}, []string{"stderr"}
	c.DisableCaller, c.Sampling = true, nil
	c.EncoderConfig.TimeKey, c.EncoderConfig.MessageKey = "timestamp", "message"
	c.EncoderConfig.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	if !o.JSON {
		c.Encoding = "console"
		c.EncoderConfig.EncodeLevel = zapcore.CapitalLevelEncoder
	}
	return c.Build(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return redacting{core} }))
}

// redacting hides the values of secret fields.
type redacting struct{ zapcore.Core }

func (r redacting) With(fields []zapcore.Field) zapcore.Core {
	return redacting{r.Core.With(redact(fields))}
}

func (r redacting) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if r.Enabled(e.Level) {
		return c.AddCore(e, r)
	}
	return c
}

func (r redacting) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message = scrub(e.Message)
	return r.Core.Write(e, redact(fields))
}

func redact(fields []zapcore.Field) []zapcore.Field {
	out := fields
	for i, f := range fields {
		harmless, changed := harmlessField(f)
		if !changed {
			continue
		}
		if &out[0] == &fields[0] {
			out = append([]zapcore.Field(nil), fields...)
		}
		out[i] = harmless
	}
	return out
}

// harmlessField is a field without secrets, and whether it had any.
func harmlessField(f zapcore.Field) (zapcore.Field, bool) {
	if secretName(f.Key) {
		return zap.String(f.Key, hidden), true
	}
	text := f.String
	switch err, isError := f.Interface.(error); {
	case f.Type == zapcore.ErrorType && isError:
		text = err.Error()
	case f.Type != zapcore.StringType:
		return f, false
	}
	if scrubbed := scrub(text); scrubbed != text {
		return zap.String(f.Key, scrubbed), true
	}
	return f, false
}

const hidden = "[redacted]"

// secrets are passwords in URLs, bearer tokens, tokens of sessions and API keys of ours. What is in groups may stay.
var secrets = regexp.MustCompile(`(://[^\s:/@]*:)[^\s/]+(@)|(?i:(bearer )[\w.~+/=-]{8,})|eyJ[\w-]+\.[\w-]+\.[\w-]*|rk_[0-9a-f]{16,}`)

// scrub hides what looks like a secret in a text. Most texts have nothing that a secret begins with.
func scrub(s string) string {
	if !strings.Contains(s, "://") && !strings.Contains(s, "earer ") && !strings.Contains(s, "eyJ") && !strings.Contains(s, "rk_") {
		return s
	}
	return secrets.ReplaceAllString(s, "${1}${3}"+hidden+"${2}")
}

func secretName(key string) bool {
	switch strings.ReplaceAll(strings.ToLower(key), "-", "_") {
	case "password", "passwd", "secret", "token", "authorization", "api_key", "apikey", "x_api_key", "access_token",
		"refresh_token", "private_key", "credential", "google_api_key", "s3_secret_key", "jwt_secret", "cookie":
		return true
	}
	return false
}

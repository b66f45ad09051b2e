package ops

import (
	"fmt"
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
// secret don't reach it.
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
	return r.Core.Write(e, redact(fields))
}

func redact(fields []zapcore.Field) []zapcore.Field {
	out := fields
	for i, f := range fields {
		if !secretName(f.Key) {
			continue
		}
		if &out[0] == &fields[0] {
			out = append([]zapcore.Field(nil), fields...)
		}
		out[i] = zap.String(f.Key, "[redacted]")
	}
	return out
}

func secretName(key string) bool {
	switch strings.ReplaceAll(strings.ToLower(key), "-", "_") {
	case "password", "passwd", "secret", "token", "authorization", "api_key", "apikey", "x_api_key", "access_token",
		"refresh_token", "private_key", "credential", "google_api_key", "s3_secret_key", "jwt_secret", "cookie":
		return true
	}
	return false
}

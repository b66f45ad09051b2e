package ops

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestSecretsDoNotReachTheLog(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)
	log := zap.New(redacting{core}).With(zap.String("Authorization", "Bearer abc"))
	log.Info("m", zap.String("api_key", "abc"), zap.String("X-API-Key", "abc"), zap.String("user_id", "u1"))
	entry := logs.All()[0]
	for key, v := range entry.ContextMap() {
		if s, ok := v.(string); ok && strings.Contains(s, "abc") {
			t.Errorf("field %s shows %q", key, s)
		}
	}
	if got := entry.ContextMap()["user_id"]; got != "u1" {
		t.Errorf("user_id = %v, want u1", got)
	}
}

func TestEveryNameOfASecretIsKnown(t *testing.T) {
	t.Parallel()
	for name := range strings.FieldsSeq(`password passwd secret token authorization api_key apikey x-api-key access_token refresh_token
		private_key credential google_api_key s3_secret_key X-API-Key Authorization GOOGLE_API_KEY`) {
		if !secretName(name) {
			t.Errorf("a field of the name %s is shown", name)
		}
	}
	for _, name := range []string{"request_id", "user_id", "path", "status_code", "tokens", "key"} {
		if secretName(name) {
			t.Errorf("a field of the name %s is hidden", name)
		}
	}
}

func TestSecretsInTextsDoNotReachTheLog(t *testing.T) {
	t.Parallel()
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
	key := "rk_" + strings.Repeat("0a", 32)
	for text, want := range map[string]string{
		"connect to postgres://ragcorp:s3cret@db:5432/x failed": "connect to postgres://ragcorp:[redacted]@db:5432/x failed",
		"redis://:p@ss:word@cache":                              "redis://:[redacted]@cache",
		"Authorization: Bearer abcdefgh.ijkl":                   "Authorization: Bearer [redacted]",
		"the token " + jwt + " is old":                          "the token [redacted] is old",
		"the key " + key:                                        "the key [redacted]",
		"GET https://api.example.org:8000/v1/x@y":               "GET https://api.example.org:8000/v1/x@y",
		"a bearer of news, rk_1 and eyJ alone":                  "a bearer of news, rk_1 and eyJ alone",
	} {
		core, logs := observer.New(zapcore.DebugLevel)
		zap.New(redacting{core}).With(zap.String("with", text)).Warn(text, zap.String("field", text), zap.Error(errors.New(text)), zap.Int("n", 7))
		entry := logs.All()[0]
		fields := entry.ContextMap()
		for where, got := range map[string]any{"message": entry.Message, "with": fields["with"], "field": fields["field"], "error": fields["error"]} {
			if got != want {
				t.Errorf("the %s is %q, want %q", where, got, want)
			}
		}
		if fields["n"] != int64(7) {
			t.Errorf("a number is logged as %v", fields["n"])
		}
	}
}

func TestAnUnknownLevelIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := NewLogger(LogOptions{Level: "loud"}); err == nil || !strings.Contains(err.Error(), "LOG_LEVEL") {
		t.Errorf("NewLogger = %v, want an error that names LOG_LEVEL", err)
	}
}

package ops

import (
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

func TestAnUnknownLevelIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := NewLogger(LogOptions{Level: "loud"}); err == nil || !strings.Contains(err.Error(), "LOG_LEVEL") {
		t.Errorf("NewLogger = %v, want an error that names LOG_LEVEL", err)
	}
}

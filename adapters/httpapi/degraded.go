package httpapi

import (
	"context"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ragcorp/ragcorp/core/retrieval"
)

// DegradedRes says what a search did without.
type DegradedRes struct {
	Degraded []string `json:"degraded,omitempty" nullable:"false" enum:"dense,rerank" doc:"Steps that were done without, since the model that they take was away or took too long: dense, so that only words were looked for, and rerank. Not there when nothing was missing."`
}

func degradedRes(lacks []retrieval.Lack) (out DegradedRes) {
	for _, l := range lacks {
		out.Degraded = append(out.Degraded, string(l.Step))
	}
	return out
}

// noteDegraded tells operators what a search did without: of each step now and then, since every search may do without it.
func (s *Server) noteDegraded(ctx context.Context, lacks []retrieval.Lack) {
	for _, l := range lacks {
		s.seldom.Warn("searches go on without the step "+string(l.Step), append(about(ctx), zap.String("reason", l.Reason), zap.Error(l.Err))...)
	}
}

// seldom logs each message once a minute.
func seldom(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(c, time.Minute, 1, 0)
	}))
}

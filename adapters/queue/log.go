package queue

import (
	"context"
	"fmt"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// routerLog passes on what Watermill's router logs. Its information is detail to us.
type routerLog struct{ to *zap.Logger }

var _ watermill.LoggerAdapter = routerLog{}

// Error implements watermill.LoggerAdapter.
func (l routerLog) Error(msg string, err error, f watermill.LogFields) {
	l.to.Error(msg, append(zapFields(f), zap.Error(err))...)
}

// Info implements watermill.LoggerAdapter.
func (l routerLog) Info(msg string, f watermill.LogFields) { l.to.Debug(msg, zapFields(f)...) }

// Debug implements watermill.LoggerAdapter.
func (l routerLog) Debug(msg string, f watermill.LogFields) { l.to.Debug(msg, zapFields(f)...) }

// Trace implements watermill.LoggerAdapter: too much for any log of ours.
func (l routerLog) Trace(string, watermill.LogFields) {}

// With implements watermill.LoggerAdapter.
func (l routerLog) With(f watermill.LogFields) watermill.LoggerAdapter {
	return routerLog{l.to.With(zapFields(f)...)}
}

func zapFields(f watermill.LogFields) []zap.Field {
	out := make([]zap.Field, 0, len(f)+1)
	for key, value := range f {
		out = append(out, zap.Any(key, value))
	}
	return out
}

// LogRedis sends what the client of Redis has to say about itself to log, as details: its errors are returned as well. It
// holds for the whole process, which is the only way that the client offers, so it is for main functions.
func LogRedis(log *zap.Logger) { redis.SetLogger(clientLog{log}) }

// clientLog passes on what the client of Redis logs.
type clientLog struct{ to *zap.Logger }

// Printf implements the client's interface of loggers.
func (l clientLog) Printf(_ context.Context, format string, args ...any) {
	l.to.Debug(fmt.Sprintf(format, args...))
}

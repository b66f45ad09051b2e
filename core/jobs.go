package core

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
)

// Jobs lists deliveries, newest first. The actor needs the permission identity.AdminConfig.
func (a *App) Jobs(ctx context.Context, actor identity.Actor, f event.Filter) ([]event.Delivery, error) {
	if err := mayOperate(actor, f); err != nil {
		return nil, err
	}
	return a.store.Backlog().Deliveries(ctx, f)
}

// Backlog counts the deliveries that are not done, by topic and state. The actor needs the permission identity.AdminMetrics.
func (a *App) Backlog(ctx context.Context, actor identity.Actor) ([]event.Stat, error) {
	if !actor.Can(identity.AdminMetrics) {
		return nil, fault.Denied.Errorf("you may not see background work")
	}
	return a.store.Backlog().Stats(ctx)
}

// Replay makes dead deliveries due again and says how many. The actor needs the permission identity.AdminConfig.
func (a *App) Replay(ctx context.Context, actor identity.Actor, f event.Filter) (int, error) {
	return a.settleDead(ctx, actor, "admin.jobs.replay", f, a.store.Backlog().Replay)
}

// Discard gives dead deliveries up for good and says how many. The actor needs the permission identity.AdminConfig.
func (a *App) Discard(ctx context.Context, actor identity.Actor, f event.Filter) (int, error) {
	return a.settleDead(ctx, actor, "admin.jobs.discard", f, a.store.Backlog().Discard)
}

func (a *App) settleDead(
	ctx context.Context, actor identity.Actor, name string, f event.Filter,
	do func(context.Context, event.Filter, time.Time) (int, error),
) (int, error) {
	if err := mayOperate(actor, f); err != nil {
		return 0, err
	}
	now := a.now()
	n, err := do(ctx, f, now)
	if err != nil || n == 0 {
		return n, err
	}
	return n, a.store.Events().Append(ctx, actor.Event(name, now, map[string]any{"count": n, "topic": f.Topic}))
}

// mayOperate allows what concerns the work of all workspaces, so a service that is limited to some of them is refused.
func mayOperate(actor identity.Actor, f event.Filter) error {
	if !actor.Can(identity.AdminConfig) || len(actor.Workspaces) > 0 {
		return fault.Denied.Errorf("you may not operate background work")
	}
	if !utf8.ValidString(f.Topic) || strings.ContainsRune(f.Topic, 0) { // no store takes it
		return fault.Field("topic", "must be valid text")
	}
	return nil
}

// Tidy does what should be done now and then: it forgets finished deliveries, and removes what is to be kept no longer, and what
// crashes have left behind.
func (a *App) Tidy(ctx context.Context) (document.Swept, error) {
	if _, err := a.store.Backlog().Prune(ctx, a.now().Add(-24*time.Hour)); err != nil {
		return document.Swept{}, err
	}
	if err := a.Requests.Prune(ctx); err != nil {
		return document.Swept{}, err
	}
	if _, err := a.Chat.Sweep(ctx); err != nil {
		return document.Swept{}, err
	}
	return a.Documents.Sweep(ctx, 24*time.Hour)
}

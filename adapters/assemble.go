package adapters

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/ragcorp/ragcorp/adapters/embedcache"
	"github.com/ragcorp/ragcorp/adapters/ops"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/adapters/token"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// OpenTokens makes the tokens of sessions. Without JWT_SECRET the secret is one that was made for this folder.
func OpenTokens(c Config) (identity.Tokens, error) {
	secret := c.Auth.JWTSecret
	if secret == "" {
		var err error
		if secret, err = folderSecret(filepath.Join(c.Data.Dir, "secret.key")); err != nil {
			return nil, fmt.Errorf("secret of tokens: %w", err)
		}
	}
	return token.NewJWT(secret)
}

// folderSecret reads a secret, and makes it first if there is none. Of several processes that do so at once, one wins.
func folderSecret(path string) (string, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the path is the operator's
	if err == nil {
		return strings.TrimSpace(string(raw)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it is documented never to return an error
	draft := path + "." + hex.EncodeToString(b[:4])
	if err := os.WriteFile(draft, []byte(hex.EncodeToString(b)+"\n"), 0o600); err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(draft) }() // its content lives on under the other name, or isn't needed
	if err := os.Link(draft, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	raw, err = os.ReadFile(path) //nolint:gosec // see above
	return strings.TrimSpace(string(raw)), err
}

// OpenHasher makes the hasher of passwords and API keys. A password is hashed by one thread: the same work as by several, and
// processors stay free for other requests while many people sign in.
func OpenHasher() (identity.Hasher, error) { return token.NewArgon2(&token.Argon2Options{Threads: 1}) }

// CoreOptions translates the configuration for core.New.
func CoreOptions(c Config, h identity.Hasher) (*core.Options, error) {
	keys, err := identity.ParseKeysConfig(c.Auth.APIKeys, c.Auth.RBAC, h.Fingerprint)
	if err != nil {
		return nil, err
	}
	return &core.Options{
		Identity:   identity.Options{TokenTTL: time.Duration(c.Auth.TTLMinutes) * time.Minute, StaticKeys: keys},
		Workspaces: workspace.Options{MaxName: c.Documents.MaxTitle},
		Documents: document.Options{
			Chunks: c.Chunks(), MaxUpload: c.HTTP.MaxUpload, MaxText: c.Documents.MaxText, MaxTitle: c.Documents.MaxTitle,
			MaxSource: c.Documents.MaxSource, LinkLife: time.Duration(c.S3.LinkSeconds) * time.Second,
			RestoreWindow: orNever(c.Documents.Restore), TitleWeight: orNever(c.Documents.TitleWeight), Contexts: c.Contexts.options(),
		},
		Search: retrieval.Options{
			MaxDefault: c.HTTP.MaxTopK, Rerank: c.Rerank.options(), EmbedTimeout: c.Models.QueryTimeout,
			MaxQuery: c.Answers.MaxQuery, Risk: c.Answers.InjectionRisk,
			Guard: retrieval.Guard(strings.ToLower(strings.TrimSpace(c.Answers.InjectionFilter))),
		},
		Chat:  chatOptions(c),
		Retry: core.Retry{Failures: c.Worker.MaxAttempts},
	}, nil
}

// orNever translates a setting where 0 means not at all for the core, where 0 is the default and what is negative means that.
func orNever[T int | time.Duration](setting T) T {
	if setting == 0 {
		return -1
	}
	return setting
}

// OpenApp makes the use cases over ports that are watched; the function that is returned ends what they have begun.
func OpenApp(p core.Ports, next NextEmbedder, o *core.Options, store *sqlstore.Store, t ops.Telemetry) (*core.App, func(), error) {
	p.NextEmbedder = next.Embedder
	store.Watch(t.Metrics.Query)
	t.Metrics.WatchModels(ModelCounts(p))
	for _, e := range []llm.Embedder{p.Embedder, p.NextEmbedder} {
		if cache, ok := e.(*embedcache.Embedder); ok {
			cache.Watch(func(hits, misses int) { t.Metrics.EmbeddingCache(llm.ForQuery, hits, misses) })
		}
	}
	app, err := t.App(p, o)
	if err != nil {
		return nil, nil, err
	}
	return app, app.Close, nil
}

func chatOptions(c Config) chat.Options {
	o := chat.Options{
		MaxContext: c.Answers.MaxContext, History: c.Answers.History, PromptVersion: strings.ToLower(c.Answers.Prompt),
		Rewriting: chat.RewriteModel, ResumeWindow: cmp.Or(c.Answers.Window, -1), // 0 means its default
		KeepConversations: days(c.Answers.KeepTalks), KeepRecords: days(c.Answers.KeepAudit),
	}
	switch {
	case !c.Answers.Rewrite:
		o.Rewriting = chat.RewriteOff
	case strings.HasPrefix(c.Data.LLMURL, "offline:"):
		o.Rewriting = chat.RewriteWords
	}
	return o
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// Workers are what works in the background.
type Workers ops.Together

// Run implements ops.Program.
func (w Workers) Run(ctx context.Context) error { return ops.Together(w).Run(ctx) }

// NewWorkers makes the workers of a process, none when WORKERS is 0, the relay that announces work to those of all processes,
// where there is Redis, and what tidies up now and then.
func NewWorkers(c Config, app *core.App, store *sqlstore.Store, q *Queue, log *zap.Logger) (Workers, error) {
	tidy := ops.Every{Interval: time.Hour, Log: log, Do: func(ctx context.Context) error {
		_, err := app.Tidy(ctx)
		return err
	}}
	working, err := q.programs(c, app, store, log)
	if err != nil {
		return nil, err
	}
	return append(Workers{tidy}, working...), nil
}

// Package core is the front door of the product as a library. An embedder fills in Ports, calls New, and uses the services
// of the App.
//
// The core imports nothing but the standard library and a few small pure packages. It never logs: it returns errors of the
// kinds in package fault and records events.
package core

import (
	"errors"
	"fmt"
	"time"

	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/idempotency"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Store groups the ports that a database implements.
type Store interface {
	Users() identity.Users
	Keys() identity.Keys
	Workspaces() workspace.Store
	Documents() document.Store
	Pipeline() document.Pipeline
	Janitor() document.Janitor
	Spaces() document.Spaces
	Index() retrieval.Index
	Conversations() chat.Store
	Events() event.Log
	Backlog() event.Backlog
	Trail() audit.Trail
	Requests() idempotency.Store
}

// Ports is what the product needs from the world.
type Ports struct {
	Store     Store           // required
	Blobs     document.Blobs  // required
	Parser    document.Parser // required
	Embedder  llm.Embedder    // required
	Generator llm.Generator   // required
	Reranker  llm.Reranker    // optional; without it results keep the order of fusion
	Tokens    identity.Tokens // optional; without it nobody can sign in
	Hasher    identity.Hasher // optional; without it there are no passwords and no API keys

	// ContextWriter is optional: the model that writes, for every chunk, what places it in its document, by which it is found too.
	// It must be a language model, and may be Generator.
	ContextWriter document.ContextWriter

	// NextEmbedder is optional: the model that is to take Embedder's place. Documents are embedded with both; searches use the one
	// whose space App.Documents.UseSpace has named, at first Embedder's.
	NextEmbedder llm.Embedder
}

func (p Ports) validate() error {
	var missing []error
	for _, port := range []struct {
		name string
		set  bool
	}{
		{"Store", p.Store != nil},
		{"Blobs", p.Blobs != nil},
		{"Parser", p.Parser != nil},
		{"Embedder", p.Embedder != nil},
		{"Generator", p.Generator != nil},
	} {
		if !port.set {
			missing = append(missing, fmt.Errorf("core.Ports.%s is not set", port.name))
		}
	}
	return errors.Join(missing...)
}

// models are those that documents are embedded with.
func (p Ports) models() []llm.Embedder {
	if p.NextEmbedder == nil || p.NextEmbedder.Space().Name == p.Embedder.Space().Name {
		return []llm.Embedder{p.Embedder}
	}
	return []llm.Embedder{p.Embedder, p.NextEmbedder}
}

// Options are the settings of an App; nil means defaults.
type Options struct {
	// Now tells the time to everything. Defaults to time.Now in UTC, in microseconds.
	Now func() time.Time
	// Identity are the settings of App.Accounts.
	Identity identity.Options
	// Workspaces are the settings of App.Workspaces.
	Workspaces workspace.Options
	// Documents are the settings of App.Documents.
	Documents document.Options
	// Search are the settings of App.Search.
	Search retrieval.Options
	// Chat are the settings of App.Chat.
	Chat chat.Options
	// Audit are the settings of App.Audit.
	Audit audit.Options
	// Retry says when a reaction that failed is tried again, and when it is given up.
	Retry Retry
}

// App is the product: its use cases, grouped into services, and the reactions to events.
type App struct {
	Accounts   *identity.Accounts
	Workspaces *workspace.Service
	Documents  *document.Service
	Search     *retrieval.Service
	Chat       *chat.Service
	Audit      *audit.Service
	Requests   *idempotency.Service

	store Store
	now   func() time.Time
	retry Retry
}

// New makes an App. It reports all missing ports at once; fault.Invalid when options contradict each other.
func New(p Ports, o *Options) (*App, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Now == nil {
		opts.Now = now
	}
	opts.Identity.Now, opts.Workspaces.Now, opts.Documents.Now = opts.Now, opts.Now, opts.Now
	opts.Search.Now, opts.Chat.Now, opts.Audit.Now = opts.Now, opts.Now, opts.Now

	a := &App{store: p.Store, now: opts.Now, retry: opts.Retry.withDefaults()}
	a.Accounts = identity.New(p.Store.Users(), p.Store.Keys(), p.Tokens, p.Hasher, p.Store.Events(), opts.Identity)
	a.Workspaces = workspace.New(p.Store.Workspaces(), &opts.Workspaces)
	a.Search = retrieval.New(p.Store.Index(), p.models(), p.Reranker, a.Workspaces, &opts.Search)
	a.Requests = idempotency.New(p.Store.Requests(), &idempotency.Options{Now: opts.Now})
	a.Audit = audit.New(p.Store.Trail(), p.Store.Events(), &opts.Audit)
	var err error
	if a.Chat, err = chat.New(p.Store.Conversations(), a.Search, p.Generator, a.Workspaces, &opts.Chat); err != nil {
		return nil, err
	}
	a.Documents, err = document.New(document.Ports{
		Store: p.Store.Documents(), Pipeline: p.Store.Pipeline(), Janitor: p.Store.Janitor(),
		Spaces: p.Store.Spaces(), Blobs: p.Blobs, Parser: p.Parser, Models: p.models(), ContextWriter: p.ContextWriter,
		Events: p.Store.Events(), Backlog: p.Store.Backlog(),
	}, a.Workspaces, &opts.Documents)
	return a, err
}

// Close ends the answers that App.Chat.Begin began, and waits for them. An App whose Begin is not used needs no Close.
func (a *App) Close() { a.Chat.Close() }

// now is time.Now in UTC and in the microseconds that every store keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

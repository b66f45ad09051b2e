package core_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// useCase is something that an actor does with a document of a workspace; what comes of it is only an error here.
type useCase func(ctx context.Context, a identity.Actor) error

// useCases are those that take a permission, by what they take. Names tell them apart.
func useCases(app *core.App, ws workspace.ID, doc document.ID) map[identity.Permission]map[string]useCase {
	question := chat.Question{Workspace: ws, Text: "Where is the tea?"}
	title := "Tea"
	return map[identity.Permission]map[string]useCase{
		identity.DocumentsRead: {
			"Get": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Documents.Get(ctx, a, ws, doc)
				return err
			},
			"Text": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Documents.Text(ctx, a, ws, doc)
				return err
			},
			"Open": func(ctx context.Context, a identity.Actor) error {
				_, _, err := app.Documents.Open(ctx, a, ws, doc)
				return err
			},
			"List": func(ctx context.Context, a identity.Actor) error {
				_, _, err := app.Documents.List(ctx, a, ws, document.Query{Sort: document.NewestFirst, Limit: 1})
				return err
			},
		},
		identity.DocumentsCreate: {
			"IngestText": func(ctx context.Context, a identity.Actor) error {
				_, _, err := app.Documents.IngestText(ctx, a, ws, document.TextDraft{Text: "x", Details: document.Details{Title: "x"}})
				return err
			},
			"Upload": func(ctx context.Context, a identity.Actor) error {
				_, _, err := app.Documents.Upload(ctx, a, ws, document.Incoming{Name: "a.txt", Body: strings.NewReader("x")}, document.Details{})
				return err
			},
			"Describe": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Documents.Describe(ctx, a, ws, doc, document.DetailsPatch{Title: &title})
				return err
			},
			"Reprocess": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Documents.Reprocess(ctx, a, ws, doc)
				return err
			},
			"Cancel": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Documents.Cancel(ctx, a, ws, doc)
				return err
			},
		},
		identity.DocumentsDelete: {
			"Delete": func(ctx context.Context, a identity.Actor) error { return app.Documents.Delete(ctx, a, ws, doc) },
			"Restore": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Documents.Restore(ctx, a, ws, doc)
				return err
			},
		},
		identity.QuerySearch: {"Search": func(ctx context.Context, a identity.Actor) error {
			_, err := app.Search.Search(ctx, a, ws, retrieval.Query{Text: "tea", K: 1})
			return err
		}},
		identity.QueryAsk: {"Ask": func(ctx context.Context, a identity.Actor) error {
			_, err := app.Chat.Ask(ctx, a, question)
			return err
		}},
		identity.QueryStream: {"Stream": func(ctx context.Context, a identity.Actor) error {
			for _, err := range app.Chat.Stream(ctx, a, question) {
				return err
			}
			return nil
		}},
		identity.AdminMetrics: {"Backlog": func(ctx context.Context, a identity.Actor) error { _, err := app.Backlog(ctx, a); return err }},
		identity.AdminConfig: {
			"Create": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Workspaces.Create(ctx, a, workspace.Draft{Name: uuid.NewString()})
				return err
			},
			"Update": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Workspaces.Update(ctx, a, ws, workspace.Patch{Description: &title})
				return err
			},
			"Publish": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Workspaces.Publish(ctx, a, ws)
				return err
			},
			"Archive": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Workspaces.Archive(ctx, a, ws)
				return err
			},
			"Unarchive": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Workspaces.Unarchive(ctx, a, ws)
				return err
			},
			"Audit": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Audit.List(ctx, a, audit.Search{Limit: 1})
				return err
			},
			"Records": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Chat.Records(ctx, a, chat.RecordSearch{Limit: 1})
				return err
			},
			"Jobs": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Jobs(ctx, a, event.Filter{Limit: 1})
				return err
			},
			"Replay": func(ctx context.Context, a identity.Actor) error {
				_, err := app.Replay(ctx, a, event.Filter{})
				return err
			},
		},
	}
}

func TestUseCasesAskServicesForThePermissionWhoeverCalls(t *testing.T) {
	t.Parallel()
	l := newShelf(t, t.TempDir())
	ws := l.workspace("kitchen")
	d, _, err := l.app.Documents.IngestText(t.Context(), identity.System, ws, document.TextDraft{Text: "The tea is in the cupboard.", Details: document.Details{Title: "Tea"}})
	if err != nil {
		t.Fatal(err)
	}
	for permission, cases := range useCases(l.app, ws, d.ID) {
		others := slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == permission || p == identity.Everything })
		for name, do := range cases {
			without := identity.Actor{Kind: identity.ServiceActor, Key: "without", Permissions: others}
			if err := do(t.Context(), without); !errors.Is(err, fault.Denied) {
				t.Errorf("%s with all but %s = %v, want denied", name, permission, err)
			}
			with := identity.Actor{Kind: identity.ServiceActor, Key: "with", Permissions: []identity.Permission{permission}}
			if err := do(t.Context(), with); errors.Is(err, fault.Denied) {
				t.Errorf("%s with %s alone = %v", name, permission, err)
			}
			if err := do(t.Context(), identity.Actor{}); err == nil {
				t.Errorf("%s by nobody succeeds", name)
			}
		}
	}
}

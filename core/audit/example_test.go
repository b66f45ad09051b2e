package audit_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/audit"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

func Example() {
	ctx := context.Background()
	store, err := sqlstore.Open(ctx, "sqlite::memory:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	noon := func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	workspaces := workspace.New(store.Workspaces(), &workspace.Options{Now: noon})
	w, err := workspaces.Create(ctx, identity.System, workspace.Draft{Name: "Handbook"})
	if err != nil {
		log.Fatal(err)
	}

	trail := audit.New(store.Trail(), store.Events(), &audit.Options{Now: noon})
	found, err := trail.List(ctx, identity.System, audit.Search{Workspace: w.ID, ActionPrefix: "workspace.", Limit: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range found {
		m, err := audit.Metadata(e)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Time.Format(time.DateTime), e.Actor, e.Name, m["visibility"])
	}
	// Output:
	// 2026-03-01 12:00:00 system workspace.create PRIVATE
}

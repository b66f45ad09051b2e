package core_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// zipped makes an archive of names and contents, in turn.
func zipped(t *testing.T, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(parts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// inside lists the documents that came out of one, by source.
func inside(ctx context.Context, t *testing.T, app *core.App, ws workspace.ID, parent document.ID) []document.Document {
	t.Helper()
	docs, _, err := app.Documents.List(ctx, identity.System, ws, document.Query{Parent: parent, Sort: document.TitleUp, Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func TestFilesInsideOfAFileBecomeDocuments(t *testing.T) {
	t.Parallel()
	mail := "From: a@example.org\r\nTo: b@example.org\r\nSubject: Harbour\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" +
		"--x\r\nContent-Type: text/plain\r\n\r\nThe cranes rest.\r\n--x\r\nContent-Type: text/markdown; name=tides.md\r\n" +
		"Content-Disposition: attachment; filename=tides.md\r\n\r\n# Tides\r\n\r\nHigh water is at noon.\r\n--x--\r\n"
	archive := zipped(t, "a/letter.eml", mail, "b/notes.txt", "Ropes are in the shed.", "b/tool.exe", "MZ\x90\x00\x03")
	life(t, t.TempDir(), &mortal{embedded: map[string]int{}, batches: -1}, func(ctx context.Context, app *core.App, _ *sqlstore.Store) {
		ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		d, _, err := app.Documents.Upload(ctx, identity.System, ws.ID, document.Incoming{Name: "all.zip", Body: bytes.NewReader(archive)},
			document.Details{Metadata: map[string]any{"tags": []any{"sea"}, "allowed_roles": []any{"admin"}}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time nothing new comes out of it
			if err := app.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			d, err = app.Documents.Get(ctx, identity.System, ws.ID, d.ID)
			if err != nil || d.Status != document.Ready || d.Properties["not_read"] != "b/tool.exe" {
				t.Fatalf("the archive is %s with %v, %v", d.Status, d.Properties, err)
			}
			first := inside(ctx, t, app, ws.ID, d.ID)
			var got []string
			for _, in := range first {
				got = append(got, fmt.Sprint(in.Title, " ", in.Source, " ", in.Status, " ", in.Tags, " ", in.AllowedRoles))
			}
			want := []string{
				"letter all.zip!/a/letter.eml READY [sea] [admin]", "notes all.zip!/b/notes.txt READY [sea] [admin]",
			}
			if !slices.Equal(got, want) {
				t.Fatalf("out of the archive came %q, want %q", got, want)
			}
			second := inside(ctx, t, app, ws.ID, first[0].ID)
			if len(second) != 1 || second[0].Source != "all.zip!/a/letter.eml!/tides.md" || second[0].Status != document.Ready {
				t.Fatalf("out of the message came %+v", second)
			}
			if _, err := app.Documents.Reprocess(ctx, identity.System, ws.ID, d.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := app.Documents.Delete(ctx, identity.System, ws.ID, d.ID); err != nil {
			t.Fatal(err)
		}
		left, _, err := app.Documents.List(ctx, identity.System, ws.ID, document.Query{Limit: 10})
		if err != nil || len(left) != 0 {
			t.Errorf("after the deletion %d documents are left, %v", len(left), err)
		}
	})
}

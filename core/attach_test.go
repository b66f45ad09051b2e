package core_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
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

// archived is a world with an archive under an external id, and the admin and the employee who look at it.
type archived struct {
	t     *testing.T
	ctx   context.Context //nolint:containedctx // of the one test that it belongs to
	app   *core.App
	ws    workspace.ID
	staff identity.Actor
}

func inArchive(t *testing.T, do func(w archived)) {
	t.Helper()
	life(t, t.TempDir(), &mortal{embedded: map[string]int{}, batches: -1}, func(ctx context.Context, app *core.App, _ *sqlstore.Store) {
		ws, err := app.Workspaces.Create(ctx, identity.System, workspace.Draft{Name: "x"})
		if err == nil {
			ws, err = app.Workspaces.Publish(ctx, identity.System, ws.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		do(archived{t, ctx, app, ws.ID, identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Employee}})
	})
}

// bring uploads a version of the archive and processes it; nil metadata leaves that as it is.
func (w archived) bring(metadata map[string]any, parts ...string) document.Document {
	w.t.Helper()
	d, _, err := w.app.Documents.Upload(w.ctx, identity.System, w.ws, document.Incoming{Name: "all.zip", Body: bytes.NewReader(zipped(w.t, parts...))},
		document.Details{ExternalID: "all", Metadata: metadata})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.app.Drain(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// finds says in which documents a search of the employee finds a word.
func (w archived) finds(word string) []string {
	w.t.Helper()
	r, err := w.app.Search.Search(w.ctx, w.staff, w.ws, retrieval.Query{Text: word, K: 20})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, h := range r.Hits {
		if strings.Contains(h.Text, word) {
			out = append(out, h.Title)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const rope = "Subject: Rope\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n" +
	"The capstan is greased.\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=deep.txt\r\n\r\n" +
	"The capstan is old.\r\n--x--\r\n"

func TestNewContentOfAnArchiveIsNewContentOfWhatIsInside(t *testing.T) {
	t.Parallel()
	inArchive(t, func(w archived) {
		first := w.bring(nil, "kept.txt", "The capstan stays.", "changed.txt", "The capstan is red.", "gone.eml", rope, "failed.txt", "\n \n")
		before := inside(w.ctx, t, w.app, w.ws, first.ID)
		if got := w.finds("capstan"); !slices.Equal(got, []string{"changed", "deep", "gone", "kept"}) {
			t.Fatalf("found are %q", got)
		}
		second := w.bring(nil, "kept.txt", "The capstan stays.", "changed.txt", "The windlass is blue.", "new.txt", "The windlass is new.", "failed.txt", "A windlass.")
		if second.ID != first.ID {
			t.Fatal("the archive became another document")
		}
		if got := w.finds("capstan"); !slices.Equal(got, []string{"kept"}) {
			t.Errorf("of the old content are found %q", got)
		}
		if got := w.finds("windlass"); !slices.Equal(got, []string{"changed", "failed", "new"}) {
			t.Errorf("of the new content are found %q", got)
		}
		for _, d := range inside(w.ctx, t, w.app, w.ws, first.ID) {
			i := slices.IndexFunc(before, func(b document.Document) bool { return b.Path == d.Path })
			switch {
			case (i < 0) != (d.Path == "new.txt"), i >= 0 && before[i].ID != d.ID:
				t.Errorf("%s did not stay the document that it was", d.Path)
			case d.Path == "kept.txt" && d.Run != 1, d.Path == "changed.txt" && d.Run != 2:
				t.Errorf("%s was processed %d times", d.Path, d.Run)
			}
		}
	})
}

func TestTheSameFileInTwoArchivesStaysWhenOneGoes(t *testing.T) {
	t.Parallel()
	inArchive(t, func(w archived) {
		first := w.bring(nil, "terms.txt", "The capstan is rented.")
		other := zipped(t, "b/terms.txt", "The capstan is rented.", "b/terms.txt", "The capstan is rented twice.")
		if _, _, err := w.app.Documents.Upload(w.ctx, identity.System, w.ws, document.Incoming{Name: "b.zip", Body: bytes.NewReader(other)}, document.Details{}); err != nil {
			t.Fatal(err)
		}
		if err := w.app.Drain(w.ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.app.Documents.Delete(w.ctx, identity.System, w.ws, first.ID); err != nil {
			t.Fatal(err)
		}
		docs, _, err := w.app.Documents.List(w.ctx, identity.System, w.ws, document.Query{Limit: 10, Text: "terms"})
		if err != nil || len(docs) != 2 || !slices.Equal(w.finds("rented"), []string{"terms"}) {
			t.Errorf("after the deletion of one archive %d files are left, %v", len(docs), err)
		}
	})
}

func TestWhoMayNotSeeAnArchiveSeesNothingOfWhatIsInside(t *testing.T) {
	t.Parallel()
	closed, open := map[string]any{"allowed_roles": []any{"admin"}}, map[string]any{"tags": []any{"sea"}}
	parts := []string{"a.txt", "The capstan is here.", "gone.txt", "The capstan was here.", "mail.eml", rope}
	all := []string{"a", "deep", "gone", "mail"}
	for name, change := range map[string]func(w archived, d document.Document, metadata map[string]any){
		"described": func(w archived, d document.Document, metadata map[string]any) {
			if _, err := w.app.Documents.Describe(w.ctx, identity.System, w.ws, d.ID, document.DetailsPatch{Metadata: metadata}); err != nil {
				w.t.Fatal(err)
			}
		},
		"uploaded again": func(w archived, _ document.Document, metadata map[string]any) { w.bring(metadata, parts...) },
		"replaced": func(w archived, _ document.Document, metadata map[string]any) {
			w.bring(metadata, append(parts, "more.txt", "More.")...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inArchive(t, func(w archived) {
				d := w.bring(open, parts...)
				if got := w.finds("capstan"); !slices.Equal(got, all) {
					t.Fatalf("found are %q", got)
				}
				in := inside(w.ctx, t, w.app, w.ws, d.ID)
				own := map[string]any{"tags": []any{"own"}}
				if _, err := w.app.Documents.Describe(w.ctx, identity.System, w.ws, in[0].ID, document.DetailsPatch{Metadata: own}); err != nil {
					t.Fatal(err)
				}
				if err := w.app.Documents.Delete(w.ctx, identity.System, w.ws, in[1].ID); err != nil {
					t.Fatal(err)
				}
				change(w, d, closed)
				if _, err := w.app.Documents.Restore(w.ctx, identity.System, w.ws, in[1].ID); err != nil && !errors.Is(err, fault.Conflict) {
					t.Fatal(err)
				}
				if got := w.finds("capstan"); len(got) != 0 {
					t.Errorf("with the archive closed, found are %q", got)
				}
				if docs, _, err := w.app.Documents.List(w.ctx, w.staff, w.ws, document.Query{Limit: 10}); err != nil || len(docs) != 0 {
					t.Errorf("with the archive closed, %d documents are listed, %v", len(docs), err)
				}
				if in, err := w.app.Documents.Get(w.ctx, identity.System, w.ws, in[0].ID); err != nil || !slices.Equal(in.Tags, []string{"own"}) {
					t.Errorf("what was said of a file by itself became %v, %v", in.Tags, err)
				}
			})
		})
	}
}

func TestRolesOfAFileByItselfOutlastAnOpeningOfItsArchive(t *testing.T) {
	t.Parallel()
	inArchive(t, func(w archived) {
		d := w.bring(nil, "a.txt", "The capstan is here.", "b.txt", "The capstan is there.")
		describe := func(id document.ID, metadata map[string]any) {
			if _, err := w.app.Documents.Describe(w.ctx, identity.System, w.ws, id, document.DetailsPatch{Metadata: metadata}); err != nil {
				t.Fatal(err)
			}
		}
		describe(inside(w.ctx, t, w.app, w.ws, d.ID)[0].ID, map[string]any{"allowed_roles": []any{"admin"}})
		describe(d.ID, map[string]any{"tags": []any{"sea"}})
		if got := w.finds("capstan"); !slices.Equal(got, []string{"b"}) {
			t.Errorf("found are %q, want b alone", got)
		}
	})
}

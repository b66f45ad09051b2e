package document_test

import (
	"encoding/hex"
	"testing"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
)

func TestContentHashesAreThoseThatClientsKnow(t *testing.T) {
	t.Parallel()
	ws := uuid.MustParse("00000000-0000-0000-0000-000000000001")
	if got, want := document.TextHash(ws, "  Hola\t mundo\n\n cruel "), "fd7f14532bbd0e549fc02af3beeccc1342f9aa78622c15d6720add5755692430"; got != want {
		t.Errorf("TextHash = %s, want %s", got, want)
	}
	h := document.FileHash(ws)
	h.Write([]byte("hello"))
	if got, want := hex.EncodeToString(h.Sum(nil)), "db5cc3bb0439af9d864f3e6c4fbad739a1ff3f4cf6b8f456246161849ed18ba7"; got != want {
		t.Errorf("FileHash = %s, want %s", got, want)
	}
	if document.TextHash(ws, "caf\u00e9") != document.TextHash(ws, "cafe\u0301") {
		t.Error("composed and decomposed accents hash differently")
	}
	if document.TextHash(ws, "Café") == document.TextHash(ws, "café") {
		t.Error("case should count")
	}
	if document.TextHash(ws, "x") == document.TextHash(uuid.New(), "x") {
		t.Error("the workspace should count")
	}
}

func TestChunkIDsDependOnDocumentTextAndOccurrence(t *testing.T) {
	t.Parallel()
	doc := uuid.New()
	a := document.ChunkID(doc, "text", 0)
	if a != document.ChunkID(doc, "text", 0) {
		t.Error("the same chunk has two ids")
	}
	for name, b := range map[string]uuid.UUID{
		"another document":   document.ChunkID(uuid.New(), "text", 0),
		"another text":       document.ChunkID(doc, "texts", 0),
		"another occurrence": document.ChunkID(doc, "text", 1),
	} {
		if a == b {
			t.Errorf("%s has the same id", name)
		}
	}
}

func FuzzCursorsComeBackOrAreRefused(f *testing.F) {
	f.Add("", "eyJpIjoiIn0")
	f.Fuzz(func(t *testing.T, title, token string) {
		d := document.Document{ID: uuid.New(), Title: title}
		c, err := document.DecodeCursor(document.TitleUp, document.EncodeCursor(document.TitleUp, d))
		if err != nil || c.ID != d.ID {
			t.Errorf("cursor of %q came back as %+v, %v", title, c, err)
		}
		_, _ = document.DecodeCursor(document.NewestFirst, token) // must not panic
	})
}

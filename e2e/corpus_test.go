package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// corpus makes n different documents of all formats, in both languages, always the same ones. Each has a sentence with its
// number that no other has.
func corpus(t *testing.T, n int) []file {
	t.Helper()
	pdfs := []file{testdata(t, "handbook-en.pdf"), testdata(t, "manual-es.pdf")}
	texts := []string{string(testdata(t, "canteen-en.txt").content), string(testdata(t, "comedor-es.txt").content)}
	marks := []string{string(testdata(t, "visitors-en.md").content), string(testdata(t, "visitas-es.md").content)}
	pages := []string{string(testdata(t, "fleet-en.html").content), string(testdata(t, "vehiculos-es.html").content)}
	out := make([]file, n)
	for i := range out {
		own := ownSentence(i)
		switch f := &out[i]; i % 10 {
		case 0: // a comment after the end changes the bytes and nothing else
			*f = file{content: slices.Concat(pdfs[i/10%2].content, fmt.Appendf(nil, "\n%% copy %d\n", i)), name: ".pdf"}
		case 1, 2, 3:
			*f = file{content: []byte(own + "\n\n" + repeat(texts[i%2], i%7+1)), name: ".txt"}
		case 4, 5, 6:
			*f = file{content: []byte(repeat(marks[i%2], i%5+1) + "\n\n## Number\n\n" + own + "\n"), name: ".md"}
		case 7, 8:
			*f = file{content: []byte(strings.Replace(pages[i%2], "</main>", "<h2>Number</h2><p>"+own+"</p></main>", 1)), name: ".html"}
		default:
			*f = file{content: docx(slices.Repeat([]string{own, plain(texts[i%2])}, i%4+1)...), name: ".docx"}
		}
		out[i].name = fmt.Sprintf("document-%03d%s", i, out[i].name)
	}
	return out
}

// ownSentence is the sentence that only document i has.
func ownSentence(i int) string {
	return fmt.Sprintf("The inventory number of this very document is INV%04dX, and nobody else has it.", i)
}

// repeat repeats a text with small differences, so that its chunks differ.
func repeat(s string, times int) string {
	var b strings.Builder
	for i := range times {
		fmt.Fprintf(&b, "%s\n\nThis was part %d.\n\n", s, i+1)
	}
	return b.String()
}

// plain is a text in one paragraph.
func plain(s string) string { return string(bytes.Join(bytes.Fields([]byte(s)), []byte(" "))) }

// chunkCounts are the numbers of chunks by name of the file; a name that comes twice is an error.
func chunkCounts(t *testing.T, docs []document) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, d := range docs {
		if _, twice := out[d.FileName]; twice {
			t.Errorf("the list has %s twice", d.FileName)
		}
		out[d.FileName] = d.ChunkCount
	}
	return out
}

// undisturbed processes files in a fresh world, one process and nothing in its way, and returns the numbers of chunks.
func undisturbed(t *testing.T, files []file) map[string]int {
	t.Helper()
	s := start(t)
	l := s.admin(t).library(t, "undisturbed")
	out := chunkCounts(t, l.add(t, files...))
	s.kill(t)
	return out
}

// expectWhole: the library has all of these files, each once, each ready, with as many chunks as undisturbed; searching finds each
// document's own sentence once.
func (l *library) expectWhole(t *testing.T, files []file, want map[string]int) {
	t.Helper()
	docs := l.all(t, nil)
	if len(docs) != len(files) {
		t.Errorf("the list has %d documents, want %d", len(docs), len(files))
	}
	got := chunkCounts(t, docs)
	for _, d := range docs {
		if d.Status != "READY" {
			t.Errorf("%s is %s, %q, %q", d.FileName, d.Status, d.ErrorCode, d.ErrorMessage)
		}
	}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s has %d chunks, undisturbed it has %d", name, got[name], n)
		}
	}
	for i := range files {
		if i%10 == 0 {
			continue // a copy of a PDF has no sentence of its own
		}
		l.expectFoundOnce(t, i, files[i].name)
	}
}

// expectFoundOnce: the own sentence of a document is found in as many of its chunks as it stands in, and each chunk once.
func (l *library) expectFoundOnce(t *testing.T, i int, name string) {
	t.Helper()
	seen := map[string]bool{}
	documents := map[string]bool{}
	for _, m := range l.query(t, fmt.Sprintf("INV%04dX", i), 20) {
		if seen[m.ChunkID] {
			t.Errorf("the search for %s finds chunk %s twice", name, m.ChunkID)
		}
		seen[m.ChunkID] = true
		if strings.Contains(m.Content, fmt.Sprintf("INV%04dX", i)) {
			documents[m.DocumentID] = true
		}
	}
	if len(documents) != 1 {
		t.Errorf("the search for %s finds it in %d documents, want 1", name, len(documents))
	}
}

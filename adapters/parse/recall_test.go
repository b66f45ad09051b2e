package parse

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/ragcorp/ragcorp/core/document"
)

// TestPDFWordsMatchPdftotext compares with an independent reader, page by page: of the words that it finds on a page, all but few
// have to be there, on that page. go test ./adapters/parse -run Pdftotext -v prints the figures.
func TestPDFWordsMatchPdftotext(t *testing.T) {
	t.Parallel()
	names := []string{handbook, manual, "testdata/barometers.pdf"}
	for _, pattern := range []string{"testdata/corpus/*.pdf", "testdata/pdf/*.pdf"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) < 10 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		names = append(names, found...)
	}
	if _, err := exec.LookPath("pdftotext"); errors.Is(err, exec.ErrNotFound) {
		t.Skip("pdftotext is not installed")
	}
	p := newParser(t, Options{Children: 1})
	var table strings.Builder
	table.WriteString("| file | pages | words of pdftotext | found on their page | recall |\n| --- | --- | --- | --- | --- |\n")
	allFound, allWords := 0, 0
	for _, name := range names {
		out, err := exec.Command("pdftotext", name, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Parse(t.Context(), file(PDF, testdata(t, name)))
		if err != nil {
			t.Fatal(name, err)
		}
		pages := strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
		if got.Pages != len(pages) {
			t.Errorf("%s: %d pages, want %d", name, got.Pages, len(pages))
		}
		found, all, missing := wordsFound(got, withoutRepeats(pages))
		recall := float64(found) / float64(max(all, 1))
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %.3f |\n", filepath.Base(name), len(pages), all, found, recall)
		if recall < 0.98 {
			t.Errorf("%s: recall %.3f, want at least 0.98; missing are %q", name, recall, missing)
		}
		allFound, allWords = allFound+found, allWords+all
	}
	t.Logf("\n%s\n%d of %d words, recall %.4f", table.String(), allFound, allWords, float64(allFound)/float64(allWords))
}

// wordsFound counts the words of another reader's pages, and those that are on the same page here.
func wordsFound(got document.Parsed, pages []string) (found, all int, missing []string) {
	have := map[string]int{}
	for _, b := range got.Blocks {
		for _, w := range comparableWords(b.Text) {
			have[fmt.Sprint(b.Page, " ", w)]++
		}
	}
	for i, page := range pages {
		for _, w := range comparableWords(page) {
			all++
			key := fmt.Sprint(i+1, " ", w)
			if have[key]--; have[key] >= 0 {
				found++
			} else if len(missing) < 20 {
				missing = append(missing, key)
			}
		}
	}
	return found, all, missing
}

// comparableWords splits into words as both readers see them: hyphens may stay or go, marks of direction are no letters, and numbers are words
// of their own, to which pdftotext joins Hebrew ones. It also turns round the Arabic lam-alef at the end of the word for "at night".
func comparableWords(s string) []string {
	s = strings.ReplaceAll(anyNumber.ReplaceAllString(s, " $0 "), "ليال", "ليلا")
	s = regexp.MustCompile(`[-\x{2010}\x{00AD}]\s*\n\s*`).ReplaceAllString(s, "")
	return wordsOf(strings.Map(func(r rune) rune {
		if r == '-' || r == '\u2010' || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, expandLigatures(s)))
}

var anyNumber = regexp.MustCompile(`\d+`)

// withoutRepeats takes running headers and footers out, which are there once here: the first or last line of a page, where it is that of
// most pages but for its numbers, and the page has others.
func withoutRepeats(pages []string) []string {
	edges := map[string]int{}
	edge := func(lines []string, last bool) string {
		if last {
			return anyNumber.ReplaceAllString(strings.TrimSpace(lines[len(lines)-1]), "#")
		}
		return anyNumber.ReplaceAllString(strings.TrimSpace(lines[0]), "#")
	}
	split := make([][]string, len(pages))
	for i, p := range pages {
		split[i] = strings.Split(strings.TrimSpace(regexp.MustCompile(`\n\s*\n`).ReplaceAllString(p, "\n")), "\n")
		edges[edge(split[i], true)]++
		edges[edge(split[i], false)]++
	}
	out := make([]string, len(pages))
	for i, lines := range split {
		for _, last := range []bool{true, false} {
			if len(lines) < 2 || len(pages) < 3 || edges[edge(lines, last)]*5 < len(pages)*2 {
				continue
			}
			if last {
				lines = lines[:len(lines)-1]
			} else {
				lines = lines[1:]
			}
		}
		out[i] = strings.Join(lines, "\n")
	}
	return out
}

package parse

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

// tried is what became of the files of one format.
type tried struct {
	files, whole, placed, marks int
	times                       []time.Duration
	peak                        int64
}

// TestTable reads the files that real programs have made (testdata/corpus.sh) and prints what the repository claims about
// formats: go test ./adapters/parse -run TestTable -v
func TestTable(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/corpus/*.*")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v; want over 100", len(files), err)
	}
	table := map[string]*tried{}
	parsers := map[string]*Parser{}
	for _, name := range files {
		ext := filepath.Ext(name)
		if ext == ".words" {
			continue
		}
		if table[ext] == nil {
			table[ext], parsers[ext] = &tried{}, newParser(t, Options{Children: 1})
		}
		tryFile(t, parsers[ext], name, table[ext])
	}
	var b strings.Builder
	b.WriteString("| format | files | text extracted | positions right | median ms | peak MiB |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, ext := range sortedKeys(table) {
		r := table[ext]
		slices.Sort(r.times)
		fmt.Fprintf(&b, "| %s | %d | %d | %d of %d | %.1f | %d |\n", ext[1:], r.files, r.whole, r.placed, r.marks,
			float64(r.times[len(r.times)/2].Microseconds())/1000, r.peak>>20)
		if r.whole < r.files || r.placed < r.marks {
			t.Errorf("%s: %+v", ext, *r)
		}
	}
	t.Logf("\n%s", b.String())
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// tryFile reads a file, and what is inside of it, and compares it with what was put into it.
func tryFile(t *testing.T, p *Parser, name string, r *tried) {
	t.Helper()
	data := testdata(t, name)
	mediaType, err := p.Sniff(data[:min(len(data), sniffBytes)], "upload"+filepath.Ext(name), "")
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	var inner []text.Block
	f := file(mediaType, data)
	f.Attached = func(a document.Attachment) error {
		kind, err := p.Sniff(a.Data, a.Path, a.MediaType)
		if err != nil {
			return err
		}
		inner = append(inner, readLocally(t, kind, a.Data).Blocks...)
		return nil
	}
	start := time.Now()
	got, err := p.Parse(context.Background(), f)
	r.times = append(r.times, time.Since(start))
	r.files++
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	r.peak = max(r.peak, peakMemory(p))
	all := append(inner, got.Blocks...)
	if missing := missingWords(name, got.Title+"\n"+joined(all)); len(missing) == 0 {
		r.whole++
	} else {
		t.Logf("%s lacks %q", name, missing[:min(len(missing), 12)])
	}
	places(t, name, got.Blocks, r)
}

// peakMemory is the most memory that the parser's child ever had.
func peakMemory(p *Parser) int64 {
	p.pool.mu.Lock()
	defer p.pool.mu.Unlock()
	if len(p.pool.idle) == 0 {
		return 0
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pool.idle[0].cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, _ := strconv.ParseInt(strings.Fields(rest + " 0")[0], 10, 64)
	return kib << 10
}

// missingWords lists the words of the text that a file was made from which are not in what was read.
func missingWords(name, got string) []string {
	base, _, _ := strings.Cut(filepath.Base(name), ".")
	want, err := os.ReadFile("testdata/corpus/" + base + ".words")
	if err != nil {
		lang, _, _ := strings.Cut(base, "-")
		if want, err = os.ReadFile("testdata/corpus/" + lang + ".words"); err != nil {
			return []string{err.Error()}
		}
	}
	have := map[string]int{}
	for _, w := range wordsOf(got) {
		have[w]++
	}
	var missing []string
	for _, w := range wordsOf(string(want)) {
		if have[w]--; have[w] < 0 {
			missing = append(missing, w)
		}
	}
	return missing
}

// wordsOf splits into words; what is written without spaces, into characters.
func wordsOf(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r) }) {
		if r := []rune(w)[0]; unicode.Is(unicode.Han, r) {
			out = append(out, strings.Split(w, "")...)
			continue
		}
		out = append(out, w)
	}
	return out
}

var mark = regexp.MustCompile(`MARK(\d+)`)

// places checks that each mark stands on the page, slide or row that its number says, and elsewhere that the headings are there.
func places(t *testing.T, name string, blocks []text.Block, r *tried) {
	t.Helper()
	composed := text.Compose(blocks)
	chunks := text.Split(composed, text.Options{Size: 120})
	found := 0
	for _, c := range chunks {
		for _, at := range mark.FindAllStringSubmatchIndex(c.Text, -1) {
			found++
			r.marks++
			n, _ := strconv.Atoi(c.Text[at[2]:at[3]])
			switch filepath.Ext(name) {
			case ".pdf", ".pptx", ".odp":
				if c.PageFrom <= n && n <= c.PageTo && c.PageTo-c.PageFrom < 2 {
					r.placed++
					continue
				}
			default:
				if c.RowFrom <= n && n <= c.RowTo && c.RowTo-c.RowFrom < 8 {
					r.placed++
					continue
				}
			}
			t.Logf("%s: MARK%d on pages %d to %d, rows %d to %d", name, n, c.PageFrom, c.PageTo, c.RowFrom, c.RowTo)
		}
	}
	if found > 0 {
		return
	}
	switch filepath.Ext(name) {
	case ".docx", ".odt", ".epub", ".rtf", ".html", ".mhtml", ".md", ".xml", ".eml":
		r.marks++
		last := chunks[len(chunks)-1]
		if len(composed.Sections) >= 2 && len(last.Headings) > 0 {
			r.placed++
			return
		}
		t.Logf("%s: sections %v, the last chunk is in %q", name, composed.Sections, last.Headings)
	}
}

func TestColumnsAreReadOneAfterTheOther(t *testing.T) {
	t.Parallel()
	got := joined(readLocally(t, PDF, testdata(t, "testdata/corpus/en-columns.pdf")).Blocks)
	want := string(bytes.TrimSpace(testdata(t, "testdata/corpus/en-columns.words")))
	if got, want := strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(want), " "); got != want {
		t.Errorf("columns are read as %q, want %q", got, want)
	}
}

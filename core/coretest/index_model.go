package coretest

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// indexed is a live document with its visible generation.
type indexed struct {
	document.Document
	document.Generation
}

// indexWorld is a contentWorld that remembers what it holds, so that every search can be done again by brute force.
type indexWorld struct {
	*contentWorld
	docs []indexed
}

// words makes a generation with one chunk for each paragraph, whose terms are the paragraph's words.
func (w *indexWorld) words(id document.ID, l text.Language, paragraphs ...string) document.Generation {
	g := w.generation(id, paragraphs...)
	g.Language = l
	for i, p := range paragraphs {
		var terms []document.Term
		for _, word := range strings.Fields(p) {
			at := slices.IndexFunc(terms, func(t document.Term) bool { return t.Text == word })
			if at < 0 {
				at, terms = len(terms), append(terms, document.Term{Text: word})
			}
			terms[at].Count++
		}
		g.Chunks[i].Terms = terms
	}
	return g
}

// add stores a document, which only needs what its test is about, and makes its paragraphs searchable.
func (w *indexWorld) add(d document.Document, l text.Language, paragraphs ...string) indexed {
	w.t.Helper()
	w.docs = append(w.docs, indexed{Document: w.put(d)})
	return w.process(len(w.docs)-1, l, paragraphs...)
}

// process runs the newest run of a document.
func (w *indexWorld) process(i int, l text.Language, paragraphs ...string) indexed {
	w.t.Helper()
	d := &w.docs[i]
	lease, run := w.start(d.Document)
	d.Generation = w.embed(w.words(d.ID, l, paragraphs...))
	w.must(w.Pipeline().Switch(w.ctx(), lease, run, d.Generation, w.now))
	return *d
}

// reprocess makes other paragraphs of a document searchable.
func (w *indexWorld) reprocess(i int, l text.Language, paragraphs ...string) {
	w.t.Helper()
	d := &w.docs[i].Document
	scope := w.scope(workspace.Workspace{ID: d.Workspace}, identity.System)
	w.must(w.update(scope, d.ID, func(d *document.Document) { d.Run, d.Status = d.Run+1, document.Pending }))
	d.Run++
	w.process(i, l, paragraphs...)
}

// delete deletes a document and purges it too if asked to.
func (w *indexWorld) delete(i int, purge bool) {
	w.t.Helper()
	d := w.docs[i].Document
	scope := w.scope(workspace.Workspace{ID: d.Workspace}, identity.System)
	w.must(w.update(scope, d.ID, func(d *document.Document) { d.DeletedAt = w.now }))
	w.docs = slices.Delete(w.docs, i, i+1)
	if purge {
		_, err := w.Janitor().Purge(w.ctx(), d.Workspace, d.ID, w.now)
		w.must(err)
	}
}

// every calls yield for every live chunk of a workspace.
func (w *indexWorld) every(ws workspace.ID, yield func(d indexed, c document.Chunk)) {
	for _, d := range w.docs {
		if d.Workspace != ws {
			continue
		}
		for _, c := range d.Generation.Chunks {
			yield(d, c)
		}
	}
}

// occurrences is how often a word stands in a chunk, in any of its forms.
func occurrences(c document.Chunk, word retrieval.TermGroup) int {
	n := 0
	for _, t := range c.Terms {
		if slices.Contains(word.Alternatives, t.Text) {
			n += t.Count
		}
	}
	return n
}

// lexical does by brute force what retrieval.Index.Lexical does.
func (w *indexWorld) lexical(s workspace.Scope, q retrieval.LexicalQuery) retrieval.Matches {
	if q.K > 0 {
		q.Terms = w.respelled(s, q.Terms)
	}
	n, terms, df := 0, 0, make([]int, len(q.Terms))
	w.every(s.Workspace(), func(d indexed, c document.Chunk) {
		if !s.Sees(d.AllowedRoles, d.Uploader) {
			return
		}
		n++
		terms += c.Length()
		for i, word := range q.Terms {
			if occurrences(c, word) > 0 {
				df[i]++
			}
		}
	})
	var out []retrieval.Scored
	w.every(s.Workspace(), func(d indexed, c document.Chunk) {
		score, found := 0.0, false
		for i, word := range q.Terms {
			if count := occurrences(c, word); count > 0 {
				found = true
				tf := q.BM25.TF(count, c.Length(), float64(terms)/float64(n))
				score += float64(q.BM25.IDF(n, df[i]) * tf * word.Weight) // each product is rounded by itself
			}
		}
		if found && s.Sees(d.AllowedRoles, d.Uploader) && passes(q.Filter, d) {
			out = append(out, retrieval.Scored{Chunk: c.ID, Score: score})
		}
	})
	return retrieval.Matches{Scored: firstScored(out, q.K), Words: q.Terms}
}

// respelled returns the words as retrieval.Index.Lexical looks them up.
func (w *indexWorld) respelled(s workspace.Scope, words []retrieval.TermGroup) []retrieval.TermGroup {
	chunks, known := map[string]int{}, make([]bool, len(words))
	w.every(s.Workspace(), func(d indexed, c document.Chunk) {
		if !s.Sees(d.AllowedRoles, d.Uploader) {
			return
		}
		for _, t := range c.Terms {
			chunks[t.Text]++
		}
		for i, word := range words {
			known[i] = known[i] || occurrences(c, word) > 0
		}
	})
	out := slices.Clone(words)
	for i, word := range words {
		var like []retrieval.Spelling
		for term, n := range chunks {
			if edits, ok := word.Looks(term); ok && (word.Prefix != "" || word.Edits > 0 && !known[i]) {
				like = append(like, retrieval.Spelling{Term: term, Edits: edits, Chunks: n})
			}
		}
		out[i] = word.Respelled(like)
	}
	return out
}

// dense does by brute force what retrieval.Index.Dense does. The vectors of the suites are such that no sum is rounded.
func (w *indexWorld) dense(s workspace.Scope, q retrieval.DenseQuery) []retrieval.Scored {
	var out []retrieval.Scored
	w.every(s.Workspace(), func(d indexed, c document.Chunk) {
		if !s.Sees(d.AllowedRoles, d.Uploader) || !passes(q.Filter, d) {
			return
		}
		score := 0.0
		for i, x := range contentVector(c.Embedded) {
			score += float64(x) * float64(q.Vector[i])
		}
		out = append(out, retrieval.Scored{Chunk: c.ID, Score: score})
	})
	return firstScored(out, q.K)
}

// firstScored returns the k best, ties by id.
func firstScored(all []retrieval.Scored, k int) []retrieval.Scored {
	slices.SortFunc(all, func(a, b retrieval.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(string(a.Chunk[:]), string(b.Chunk[:])))
	})
	return all[:min(k, len(all))]
}

// languages does by brute force what retrieval.Index.Languages does.
func (w *indexWorld) languages(s workspace.Scope) []text.Language {
	counts := map[text.Language]int{}
	w.every(s.Workspace(), func(d indexed, _ document.Chunk) {
		if s.Sees(d.AllowedRoles, d.Uploader) {
			counts[d.Generation.Language]++
		}
	})
	var out []text.Language
	for l := range counts {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b text.Language) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	return out
}

// passes says what retrieval.Filter lets through.
func passes(f retrieval.Filter, d indexed) bool {
	for _, tag := range f.Tags {
		if !slices.Contains(d.Tags, tag) {
			return false
		}
	}
	for key, want := range f.Metadata {
		v, ok := d.Metadata[key]
		if !ok || asString(v) != want {
			return false
		}
	}
	return anyOf(f.Documents, d.ID) && anyOf(f.MediaTypes, d.Original.MediaType) && anyOf(f.Sources, d.Source) &&
		anyOf(f.Languages, d.Generation.Language) &&
		(f.From.IsZero() || !d.CreatedAt.Before(f.From)) && (f.To.IsZero() || d.CreatedAt.Before(f.To))
}

func anyOf[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

// asString is a string as it is and anything else in JSON.
func asString(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	raw, _ := json.Marshal(v) // it was stored as JSON
	return string(raw)
}

// randomly draws what the random cases need.
type randomly struct{ *rand.Rand }

func pick[T any](r randomly, from ...T) T { return from[r.IntN(len(from))] }

// word draws a word, frequent ones more often.
func (r randomly) word() string {
	return string(rune('a'+int(26*r.Float64()*r.Float64()))) + pick(r, "", "", "s", "ü")
}

func (r randomly) paragraphs() []string {
	out := make([]string, r.IntN(4))
	for i := range out {
		n := 1 + r.IntN(8)
		words := make([]string, n)
		for j := range words {
			words[j] = r.word()
		}
		out[i] = strings.Join(words, " ")
	}
	return out
}

func (r randomly) language() text.Language { return pick(r, text.English, text.German, text.Simple) }

// describe gives a document random properties for scopes and filters.
func (r randomly) describe(d *document.Document, others ...uuid.UUID) {
	d.Uploader = pick(r, others...)
	d.AllowedRoles = pick(r, nil, nil, nil, []identity.Role{identity.Admin}, []identity.Role{identity.Employee, identity.Admin})
	d.Tags = pick(r, nil, []string{"x"}, []string{"x", `y"z`})
	d.Metadata = pick(r, map[string]any{}, map[string]any{"kind": "memo", "year": 2024.0}, map[string]any{"kind": true, "a.b": "c"})
	d.Original.MediaType = pick(r, "text/plain", "application/pdf")
	d.Source = pick(r, "", "s1", "s2")
	d.CreatedAt = d.CreatedAt.Add(time.Duration(r.IntN(5)) * time.Hour)
}

func (r randomly) filter(docs []indexed, from time.Time) retrieval.Filter {
	var f retrieval.Filter
	switch r.IntN(12) {
	case 0:
		f.Documents = []document.ID{uuid.New()}
		for range min(2, len(docs)) {
			f.Documents = append(f.Documents, pick(r, docs...).ID)
		}
	case 1:
		f.Tags = pick(r, []string{"x"}, []string{"x", `y"z`}, []string{"y"})
	case 2:
		f.MediaTypes = pick(r, []string{"text/plain"}, []string{"application/pdf", "image/png"})
	case 3:
		f.Sources, f.Languages = []string{"s1"}, []text.Language{text.German, text.Simple}
	case 4:
		f.Metadata = pick(r, map[string]string{"kind": "memo"}, map[string]string{"kind": "true"},
			map[string]string{"year": "2024", "kind": "memo"}, map[string]string{"a.b": "c"}, map[string]string{"none": ""})
	case 5:
		f.From, f.To = from.Add(time.Hour), from.Add(3*time.Hour)
	case 6:
		f.Tags, f.From = []string{"x"}, from.Add(2*time.Hour+time.Nanosecond)
	}
	return f
}

func (r randomly) lexical() retrieval.LexicalQuery {
	q := retrieval.LexicalQuery{BM25: retrieval.BM25{K1: pick(r, 0.9, 1.2, 0), B: pick(r, 0.4, 0.75, 1)}, K: pick(r, 1, 3, 10, 1000)}
	for range 1 + r.IntN(4) {
		alternatives := []string{pick(r, r.word(), r.word(), "bad"), r.word(), "never"}[:1+r.IntN(3)]
		slices.Sort(alternatives)
		q.Terms = append(q.Terms, retrieval.TermGroup{
			Alternatives: slices.Compact(alternatives), Weight: float64(1 + r.IntN(3)),
			Edits: pick(r, 0, 0, 1, 2), Prefix: pick(r, "", "", "", "", r.word()),
		})
	}
	return q
}

func (r randomly) dense() retrieval.DenseQuery {
	return retrieval.DenseQuery{
		Space: contentSpace(), Vector: contentVector(document.HashText(r.word())), K: pick(r, 1, 3, 10, 1000),
	}
}

package retrieval

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/guard"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// Options are the settings of a Service; nil means defaults.
type Options struct {
	// Now tells the time. Defaults to time.Now.
	Now func() time.Time
	// BM25 are the parameters of lexical scoring. Defaults to DefaultBM25.
	BM25 *BM25
	// Window is how many candidates each arm hands to fusion; a query for more hits widens it. Defaults to 100.
	Window int
	// MaxQuery is the longest query, in characters. Defaults to 2,000.
	MaxQuery int
	// MaxHits is the most that a query may ask for. Defaults to 50.
	MaxHits int
	// K is how many hits a query gets at most where neither it nor its workspace says it. Defaults to 5.
	K int
	// MaxDefault is the most hits that a query gets which doesn't say how many, whatever its workspace says. Defaults to MaxHits.
	MaxDefault int
	// EmbedTimeout is how long a search waits for the vector of its query, retries included, before it goes by words alone. One by
	// vectors alone waits as long as the model makes it. Defaults to 5 seconds.
	EmbedTimeout time.Duration
	// Rerank says when the reranker is asked, and what for.
	Rerank RerankOptions
	// Diversity is the weight, 0 to 1, of being different from better hits when a query asks for diversity. Defaults to 0.5.
	Diversity float64
	// Guard says what becomes of hits that look like prompt injection when a query doesn't say it. Defaults to GuardDownrank.
	Guard Guard
	// Risk is the score of guard.Verdict from which on a hit is suspicious, 0 to 1. Defaults to guard.Threshold.
	Risk float64
	// Passage is how many characters a passage has at most when a query with Expand doesn't say it. Defaults to 2,000.
	Passage int
	// MaxPassage is the most that a query may ask for. Defaults to 20,000.
	MaxPassage int
	// Observe is told how each result came about; it must be quick, and safe for concurrent use. Defaults to nobody.
	Observe func(Trace)
}

func (o *Options) withDefaults() Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.BM25 == nil {
		p := DefaultBM25()
		c.BM25 = &p
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&c.Window, 100}, {&c.MaxQuery, 2000}, {&c.MaxHits, 50}, {&c.K, 5}, {&c.Passage, 2000}, {&c.MaxPassage, 20_000}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if c.MaxDefault <= 0 {
		c.MaxDefault = c.MaxHits
	}
	if c.EmbedTimeout <= 0 {
		c.EmbedTimeout = 5 * time.Second
	}
	c.Rerank = c.Rerank.withDefaults()
	if c.Diversity <= 0 || c.Diversity > 1 {
		c.Diversity = 0.5
	}
	if c.Guard == "" {
		c.Guard = GuardDownrank
	}
	if c.Risk <= 0 || c.Risk > 1 {
		c.Risk = guard.Threshold
	}
	return c
}

// Service finds chunks. It is safe for concurrent use.
type Service struct {
	index      Index
	models     *models
	reranker   llm.Reranker // nil: results keep the order of fusion
	workspaces *workspace.Service
	watchman   *watchman
	opts       Options
}

// New makes a Service. Queries are embedded with the model whose space serves: the first one's, while the index has none marked.
// There is at least one; the reranker may be nil.
func New(index Index, embedders []llm.Embedder, reranker llm.Reranker, ws *workspace.Service, o *Options) *Service {
	return &Service{
		index: index, models: &models{list: embedders}, reranker: reranker, workspaces: ws, watchman: newWatchman(), opts: o.withDefaults(),
	}
}

// Query is what to look for. In its text, words in quotation marks must stand in a hit one after the other, and a word with an
// asterisk stands for all words that begin so.
type Query struct {
	Text    string
	Exact   bool // words stand for what they are spelled like alone: BM25 as it is in the books; for measuring
	Filter  Filter
	Arms    Arms
	Expand  Expansion // what of the text around hits comes with them; "" is ExpandNone
	TwoTier bool      // the best sections lend their chunks weight
	Room    int       // with Expand, how many characters a passage of one hit has at most, if it isn't longer itself; 0 means the default

	// The zero values of these mean what the workspace says, and where that says nothing, the service.
	K           int      // how many hits at most
	Fusion      Fusion   // of the arms
	DenseWeight *float64 // how much the ranking by meaning counts against the one by words, which counts 1; 0 to 1
	Diverse     *bool    // prefer hits that differ from each other
	Rerank      *bool    // let the reranker order the hits, if there is one
	Guard       Guard

	Workspace workspace.Retrieval // what the workspace says; Search fills it in
}

// settled is the query with everything said that it leaves open.
func (q Query) settled(o Options) Query {
	w := q.Workspace
	if q.K == 0 {
		q.K = min(cmp.Or(w.TopK, o.K), o.MaxDefault)
	}
	q.Fusion, q.Guard = cmp.Or(q.Fusion, w.Fusion, Scores), cmp.Or(q.Guard, w.Guard, o.Guard)
	q.DenseWeight = cmp.Or(q.DenseWeight, w.DenseWeight) // nil: the space's
	q.Diverse = cmp.Or(q.Diverse, w.Diverse, new(false))
	q.Rerank = cmp.Or(q.Rerank, w.Rerank, new(!o.Rerank.OnRequest))
	if q.Room == 0 {
		q.Room = min(o.Passage, o.MaxPassage)
	}
	q.Text = strings.TrimSpace(q.Text)
	return q
}

// Arms says which ways of looking a query uses. Its zero value is all of them; one alone is for measuring, and fails where the other
// one would stand in for it. What LexicalArm found is not made diverse, since that takes vectors.
type Arms int

// The ways of looking.
const (
	AllArms Arms = iota
	LexicalArm
	DenseArm
)

// Hit is a chunk that a query found.
type Hit struct {
	Chunk
	Score float64 // on the scale of the step that ordered the hits last; comparable within one result only

	Verdict    guard.Verdict // what it shows of prompt injection; empty with GuardOff
	Suspicious bool          // whether the score of the verdict reaches the service's limit
}

// Result is what a query found, best first; equal scores are ordered by chunk id.
type Result struct {
	Hits     []Hit
	Passages []Passage // with Query.Expand, the hits with what is around them, in the order of their best hits; each hit is in one
	Trace    Trace
}

// Search finds what answers a query in a workspace. While a model is away, or takes too long, the search goes on without it and the
// trace says so. fault.Invalid on the field query when it is blank or too long, fault.Denied or fault.NotFound as in
// workspace.Service.Reading; the error of the embedding model when it fails and there are no words to go by, since the query
// has none or wants DenseArm.
func (s *Service) Search(ctx context.Context, a identity.Actor, ws workspace.ID, q Query) (Result, error) {
	if !a.Can(identity.QuerySearch) {
		return Result{}, fault.Denied.Errorf("you may not search")
	}
	w, err := s.workspaces.Get(ctx, a, ws)
	if err != nil {
		return Result{}, err
	}
	scope, err := workspace.Reading(w, a)
	if err != nil {
		return Result{}, err
	}
	q.Workspace = w.Retrieval
	return s.Find(ctx, scope, q)
}

// Check returns the error with which Find would refuse a query; nil when it would not.
func (s *Service) Check(q Query) error {
	text := strings.TrimSpace(q.Text)
	switch {
	case text == "":
		return fault.Field("query", "must not be blank")
	case !storable(text):
		return fault.Field("query", "must be valid text")
	case utf8.RuneCountInString(text) > s.opts.MaxQuery:
		return fault.Field("query", "is too long")
	case q.K < 0 || q.K > s.opts.MaxHits:
		return fault.Field("top_k", "is out of range")
	case q.Guard != "" && !slices.Contains(Guards(), q.Guard):
		return fault.Field("injection_filter", "must be off, mark, downrank or exclude")
	case q.Fusion != "" && !slices.Contains(workspace.Fusions(), q.Fusion):
		return fault.Field("fusion", "must be scores or ranks")
	case q.DenseWeight != nil && !(*q.DenseWeight >= 0 && *q.DenseWeight <= 1):
		return fault.Field("dense_weight", "must be from 0 to 1")
	}
	if err := q.Filter.check(); err != nil {
		return err
	}
	return s.checkExpansion(q)
}

func (s *Service) checkExpansion(q Query) error {
	switch {
	case q.Expand != "" && !slices.Contains(Expansions(), q.Expand):
		return fault.Field("expand", "must be none, neighbours or section")
	case q.Room < 0 || q.Room > s.opts.MaxPassage:
		return fault.Field("expand_chars", "is out of range")
	}
	return nil
}

// Find is Search for those who have a scope already, and know what the workspace says.
func (s *Service) Find(ctx context.Context, scope workspace.Scope, q Query) (Result, error) {
	if err := s.Check(q); err != nil {
		return Result{}, err
	}
	q = q.settled(s.opts)
	f := &finder{Service: s, scope: scope, query: q, wording: parseWording(q.Text), begun: s.opts.Now()}
	f.window = max(s.opts.Window, 4*q.K, f.wanted())
	f.trace.Guard = q.Guard
	hits, err := f.run(ctx)
	var passages []Passage
	if err == nil {
		passages, err = f.expand(ctx, hits)
	}
	f.trace.Took = s.opts.Now().Sub(f.begun)
	if err == nil && s.opts.Observe != nil {
		s.opts.Observe(f.trace)
	}
	return Result{Hits: hits, Passages: passages, Trace: f.trace}, err
}

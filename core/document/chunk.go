package document

import (
	"context"
	"fmt"

	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
)

// chunk cuts a text.
func (s *Service) chunk(d Document, t text.Text) Generation {
	lang := text.Detect(t.Body)
	pieces := text.Split(t, s.opts.Chunks)
	g := Generation{
		Language: lang, Title: d.Title, Body: t.Body, Pages: t.Pages, Chunks: make([]Chunk, len(pieces)),
	}
	for _, m := range s.ports.Models {
		g.Spaces = append(g.Spaces, m.Space())
	}
	seen := make(map[Hash]int, len(pieces))
	for i, p := range pieces {
		same := HashText(p.Text)
		g.Chunks[i] = Chunk{
			ID: ChunkID(d.ID, p.Text, seen[same]), Ordinal: i, Span: p.Span, Text: p.Text,
			PageFrom: p.PageFrom, PageTo: p.PageTo, RowFrom: p.RowFrom, RowTo: p.RowTo, Headings: p.Headings, Section: p.Section, Lead: p.Lead,
		}
		seen[same]++
	}
	return g
}

// analyse analyses chunks. What is embedded and analysed of a chunk is its input: its text with what says what it is about. A
// document of many megabytes has tens of thousands of chunks, so inputs are made one at a time, and again when they are needed
// again.
func (s *Service) analyse(g Generation) {
	analyser, scratch := text.NewAnalyser(g.Language), []string(nil)
	for i := range g.Chunks {
		c := &g.Chunks[i]
		input := embedInput(g.Title, *c)
		tokens := weighTitles(analyser.Analyse(input), len(titles(g.Title, *c)), s.opts.TitleWeight)
		c.Embedded, c.Terms = HashText(input), countTerms(tokens, &scratch)
	}
}

// embed stores a vector for every chunk that has none yet in a space, batch by batch, so that each is a checkpoint.
func (w *worker) embed(ctx context.Context, g Generation) error {
	for i, m := range w.ports.Models {
		if err := w.embedWith(ctx, m, i, g); err != nil {
			return err
		}
	}
	return nil
}

// embedWith is embed for one of the models, before which others are through.
func (w *worker) embedWith(ctx context.Context, m llm.Embedder, before int, g Generation) error {
	byHash := make(map[Hash]int, len(g.Chunks)) // one of the chunks that it belongs to
	hashes := make([]Hash, len(g.Chunks))
	for i, c := range g.Chunks {
		hashes[i] = c.Embedded
		byHash[c.Embedded] = i
	}
	missing, err := w.ports.Pipeline.Missing(ctx, m.Space(), hashes)
	if err != nil {
		return err
	}
	for from := 0; from < len(missing); from += w.opts.EmbedBatch {
		have := (before+1)*len(byHash) - len(missing) + from
		if err := w.report(ctx, Progress{Stage: StageEmbedding, Done: have / len(g.Spaces), Total: len(byHash)}); err != nil {
			return err
		}
		batch := missing[from:min(from+w.opts.EmbedBatch, len(missing))]
		inputs := make([]string, len(batch))
		for i, h := range batch {
			inputs[i] = embedInput(g.Title, g.Chunks[byHash[h]])
		}
		if err := w.embedBatch(ctx, m, batch, inputs); err != nil {
			return err
		}
	}
	return nil
}

// embedBatch stores the vectors of texts under their keys.
func (s *Service) embedBatch(ctx context.Context, m llm.Embedder, batch []Hash, inputs []string) error {
	vectors, err := m.Embed(ctx, llm.ForDocument, inputs)
	if err != nil {
		return fmt.Errorf("embed %d texts: %w", len(inputs), err)
	}
	if len(vectors) != len(inputs) {
		return fmt.Errorf("embed %d texts: the model returned %d vectors", len(inputs), len(vectors))
	}
	out := make([]Embedding, len(batch))
	for i, h := range batch {
		out[i] = Embedding{Hash: h, Vector: vectors[i]}
	}
	return s.ports.Pipeline.SaveEmbeddings(ctx, m.Space(), out, s.opts.Now())
}

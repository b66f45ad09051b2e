package retrieval

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

// bestSections is how many sections of a query with TwoTier lend their chunks weight.
const bestSections = 10

// section names a section; the text of a document that is in none is one too.
type section struct {
	document document.ID
	span     text.Span
}

// bySection is the ranking with the best sections first: a candidate's score, the best being 1, is the mean of its own share and
// its section's, which is 0 beyond the best sections. A section's evidence is the sum of its candidates' scores, of which each
// counts half as much as the one before, so that many weak ones never outweigh one strong. Nothing is left out, and nothing is
// asked of an index of its own that could be behind.
func (f *finder) bySection(ctx context.Context, ranked []Scored) ([]Scored, error) {
	if !f.query.TwoTier || len(ranked) == 0 || ranked[0].Score <= 0 {
		return ranked, nil
	}
	ids := make([]uuid.UUID, len(ranked))
	for i, s := range ranked {
		ids[i] = s.Chunk
	}
	chunks, err := f.index.Chunks(ctx, f.scope, ids)
	if err != nil {
		return nil, fmt.Errorf("read the sections of %d chunks: %w", len(ids), err)
	}
	of := make(map[uuid.UUID]section, len(chunks))
	for _, c := range chunks {
		of[c.ID] = section{c.Document, c.Section}
	}
	shares := sectionShares(ranked, of)
	scores := make(map[uuid.UUID]float64, len(ranked))
	for _, s := range ranked {
		scores[s.Chunk] = (s.Score/ranked[0].Score + shares[of[s.Chunk]]) / 2
	}
	return ordered(scores), nil
}

// sectionShares returns the evidence for each of the best sections, the best one's being 1.
func sectionShares(ranked []Scored, of map[uuid.UUID]section) map[section]float64 {
	evidence, next := map[section]float64{}, map[section]float64{}
	for _, s := range ranked { // best first
		key, there := of[s.Chunk]
		if !there {
			continue // it has vanished
		}
		if _, met := next[key]; !met {
			next[key] = 1
		}
		evidence[key] += next[key] * s.Score
		next[key] /= 2
	}
	var all []float64
	for _, e := range evidence {
		all = append(all, e)
	}
	slices.Sort(all)
	if len(all) == 0 {
		return nil
	}
	least, best := all[max(0, len(all)-bestSections)], all[len(all)-1]
	shares := make(map[section]float64, bestSections)
	for key, e := range evidence {
		if e >= least && best > 0 {
			shares[key] = e / best
		}
	}
	return shares
}

package provider

import (
	"context"
	"iter"

	"github.com/ragcorp/ragcorp/core/llm"
)

// Answer puts the events of one streamed answer together.
type Answer interface {
	// Read takes the data of one event. A piece without text says that the model is at work.
	Read(data []byte) (llm.Piece, error)
	// Progress says how far the answer is.
	Progress() Progress
	// End returns the last piece, with the usage, or what is wrong with where the stream ended.
	End() (llm.Piece, error)
}

// Progress says how far an answer is.
type Progress struct {
	Finished bool // the model has said why it stopped; after that, the end of the connection may be rough
	Done     bool // the server has said that nothing follows
}

// Write posts in as Stream does and yields the pieces of the answer; the sequence ends after the first error.
func (c *Client) Write(ctx context.Context, path string, in any, a Answer) iter.Seq2[llm.Piece, error] {
	return func(yield func(llm.Piece, error) bool) {
		for data, err := range c.Stream(ctx, path, in) {
			if err != nil && a.Progress().Finished && ctx.Err() == nil {
				break // all was said; only the end of the connection was rough
			}
			var piece llm.Piece
			if err == nil {
				piece, err = a.Read(data)
			}
			if err != nil {
				yield(llm.Piece{}, err)
				return
			}
			if a.Progress().Done {
				break
			}
			if !yield(piece, nil) {
				return
			}
		}
		if last, err := a.End(); err != nil || last != (llm.Piece{}) {
			yield(last, err)
		}
	}
}

package adapters

import (
	"strings"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/llm"
)

// ContextConfig says whether and how a model writes what places each chunk in its document.
type ContextConfig struct {
	On         bool   `env:"CHUNK_CONTEXT" envDefault:"false" desc:"a model writes a sentence or two for each chunk that place it in its document, by which it is found too; for documents that are processed from then on"`
	URL        string `env:"CHUNK_CONTEXT_URL" desc:"the model that writes them, as LLM_URL; not set: that of LLM_URL, at one pace with answers"`
	Window     int    `env:"CHUNK_CONTEXT_CHARS" envDefault:"24000" desc:"characters of a document that the model is shown with a chunk: all of it, or its beginning and what is around the chunk"`
	MostChunks int    `env:"CHUNK_CONTEXT_MAX_CHUNKS" envDefault:"2000" desc:"documents with more chunks get no contexts"`
	AtOnce     int    `env:"CHUNK_CONTEXT_CONCURRENCY" envDefault:"4" desc:"contexts of a document that are written at once"`
}

func (c ContextConfig) check(r *rules) {
	r.broken(c.On && strings.HasPrefix(c.URL, "offline:"),
		"CHUNK_CONTEXT needs a language model, which offline: is not: set LLM_URL or CHUNK_CONTEXT_URL")
	within(r, "CHUNK_CONTEXT_CHARS", c.Window, 2000, 1_000_000)
	within(r, "CHUNK_CONTEXT_MAX_CHUNKS", c.MostChunks, 1, 1_000_000)
	within(r, "CHUNK_CONTEXT_CONCURRENCY", c.AtOnce, 1, 1000)
}

func (c ContextConfig) options() document.ContextOptions {
	return document.ContextOptions{Window: c.Window, MostChunks: c.MostChunks, AtOnce: c.AtOnce}
}

// OpenContextWriter opens the model that CHUNK_CONTEXT_URL names; nil when CHUNK_CONTEXT is off. g is the one of LLM_URL, which is
// taken where both are the same. None is called yet.
func OpenContextWriter(c Config, g llm.Generator) (document.ContextWriter, error) {
	switch {
	case !c.Contexts.On:
		return nil, nil //nolint:nilnil // the port is optional
	case c.Contexts.URL == strings.TrimSpace(c.Data.LLMURL):
		return g, nil
	}
	return generating{"CHUNK_CONTEXT_URL", c.Contexts.URL}.open(c.Models)
}

package document

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ragcorp/ragcorp/core/guard"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
)

// contextVersion is the version of the prompt for contexts. With another one, all are written anew as documents are processed.
const contextVersion = "v1"

const (
	contextTokens  = 1000 // that the model may use, also to think before it writes
	contextLongest = 600  // characters of a context
)

//go:embed prompts/*.md
var prompts embed.FS

// prompter makes the prompts for the chunks of one document.
type prompter struct {
	rules string // the file of them
	title string
	code  string // of the fences: made from the text between them, so that it can't contain one
	panes panes
}

func newPrompter(g *Generation, window int) prompter {
	p := prompter{rules: "prompts/context_" + contextVersion + "_en.md", title: g.Title, panes: newPanes(g.Body, window)}
	if g.Language == text.Spanish {
		p.rules = "prompts/context_" + contextVersion + "_es.md"
	}
	sum := sha256.Sum256([]byte(g.Title + "\x00" + g.Body))
	p.code = hex.EncodeToString(sum[:6])
	return p
}

// key is the hash of what a context is asked for. What is around the chunk doesn't count, so that a change elsewhere in the
// document leaves the context as it is.
func (p prompter) key(model string, c Chunk) Hash {
	parts := slices.Concat([]string{model, p.rules, p.title, c.Lead, c.Text}, c.Headings)
	return HashText(strings.Join(parts, "\x00"))
}

// window is the number of the part of the document that is shown with a chunk.
func (p prompter) window(c Chunk) int { return p.panes.of(c.Span.Start) }

// prompt is what all chunks of a window have in common.
type prompt struct {
	prompter
	shared string
}

// show makes the prompt for a window.
func (p prompter) show(window int) prompt {
	beginning, around := p.panes.show(window)
	var b strings.Builder
	p.fence(&b, "beginning", fmt.Sprintf(" title=%q", guard.Neutralise(p.title)), beginning)
	if beginning == "" {
		p.fence(&b, "document", fmt.Sprintf(" title=%q", guard.Neutralise(p.title)), around)
	} else {
		p.fence(&b, "part", "", around)
	}
	return prompt{p, b.String()}
}

// fence puts a text between fences, unless it is empty.
func (p prompter) fence(b *strings.Builder, name, attributes, s string) {
	if s != "" {
		fmt.Fprintf(b, "<%s-%s%s>\n%s\n</%s-%s>\n\n", name, p.code, attributes, guard.Neutralise(s), name, p.code)
	}
}

// request asks for the context of a chunk. The chunk comes last, so that providers charge less for what comes before it.
func (p prompt) request(c Chunk) llm.Request {
	rules, err := prompts.ReadFile(p.rules)
	if err != nil {
		panic(err) // the files are part of the program
	}
	var b strings.Builder
	b.WriteString(p.shared)
	attributes := ""
	if len(c.Headings) > 0 {
		attributes = fmt.Sprintf(" section=%q", guard.Neutralise(strings.Join(c.Headings, " / ")))
	}
	p.fence(&b, "chunk", attributes, strings.TrimPrefix(c.Lead+"\n"+c.Text, "\n"))
	return llm.Request{MaxTokens: contextTokens, Messages: []llm.Message{
		{Role: llm.RoleSystem, Text: string(rules)},
		{Role: llm.RoleUser, Text: b.String(), Shared: len(p.shared)},
	}}
}

// errNothingWritten is of a model that has used up its tokens before it wrote anything.
var errNothingWritten = errors.New("the model wrote nothing in the tokens that it may use")

// ask asks the model, and makes what it says fit for a context.
func (s *scribe) ask(ctx context.Context, r llm.Request) (string, error) {
	var said strings.Builder
	cut := false
	for piece, err := range s.ports.ContextWriter.Generate(ctx, r) {
		if err != nil {
			return "", err
		}
		cut = piece.Cut
		if said.WriteString(piece.Text); said.Len() > 8*contextLongest {
			break
		}
	}
	out := contextOf(said.String())
	if out == "" && cut {
		return "", errNothingWritten
	}
	return out, nil
}

// contextOf makes one line of bounded length of what a model said, without anything that can't be seen.
func contextOf(said string) string {
	said = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r), r == utf8.RuneError:
			return -1
		}
		return r
	}, said)
	said = strings.Join(strings.Fields(said), " ")
	n := 0
	for at := range said {
		if n++; n > contextLongest {
			return whole(said[:at])
		}
	}
	return said
}

// whole takes off what is begun and not ended: a sentence, or at least a word.
func whole(s string) string {
	if end := strings.LastIndexAny(s, ".!?"); end >= len(s)/2 {
		return s[:end+1]
	}
	if end := strings.LastIndexByte(s, ' '); end > 0 {
		return s[:end]
	}
	return s
}

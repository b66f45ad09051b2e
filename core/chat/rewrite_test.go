package chat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/blobstore/bucket"
	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// followUp is a line of testdata/followups.jsonl: a question, one that goes on from it, and words of the passage that answers
// the second.
type followUp struct{ Set, First, Follow, Want string }

func followUps(t *testing.T) []followUp {
	t.Helper()
	f, err := os.Open("testdata/followups.jsonl")
	must(t, err)
	defer func() { _ = f.Close() }()
	var out []followUp
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var u followUp
		must(t, json.Unmarshal(lines.Bytes(), &u))
		out = append(out, u)
	}
	return out
}

// library is an app with the handbooks of the e2e tests, each in a workspace of its own.
func library(t *testing.T, how chat.Rewriting) (*core.App, map[string]workspace.ID) {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), "sqlite::memory:", nil)
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	app, err := core.New(core.Ports{
		Store: store, Blobs: bucket.Memory(), Parser: parse.InProcess(parse.Options{}), Embedder: offline.NewEmbedder(), Generator: offline.NewGenerator(),
	}, &core.Options{Chat: chat.Options{Rewriting: how}})
	must(t, err)
	out := map[string]workspace.ID{}
	for set, file := range map[string]string{"en": "handbook-en.pdf", "es": "manual-es.pdf"} {
		ws, err := app.Workspaces.Create(t.Context(), identity.System, workspace.Draft{Name: set})
		must(t, err)
		body, err := os.Open("../../e2e/testdata/" + file)
		must(t, err)
		_, _, err = app.Documents.Upload(t.Context(), identity.System, ws.ID, document.Incoming{Name: file, Body: body}, document.Details{})
		must(t, err)
		must(t, body.Close())
		out[set] = ws.ID
	}
	must(t, app.Drain(t.Context()))
	return app, out
}

// score is how often the passage was found.
type score struct{ asked, first, five, answered int }

func TestRewritingFollowUpsFindsMore(t *testing.T) {
	t.Parallel()
	scores := map[chat.Rewriting]map[string]*score{}
	for _, how := range []chat.Rewriting{chat.RewriteOff, chat.RewriteWords} {
		app, ws := library(t, how)
		scores[how] = map[string]*score{"en": {}, "es": {}}
		for _, u := range followUps(t) {
			first, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws[u.Set], Text: u.First})
			must(t, err)
			a, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws[u.Set], Text: u.Follow, Conversation: first.Conversation})
			must(t, err)
			s := scores[how][u.Set]
			s.asked++
			for i, h := range a.Sources {
				if strings.Contains(flat(h.Text), flat(u.Want)) {
					s.five++
					if i == 0 {
						s.first++
					}
					break
				}
			}
			if strings.Contains(flat(a.Text), flat(u.Want)) {
				s.answered++
			} else {
				t.Logf("%s %q -> %q (%s): %.150q", how, u.Follow, a.Rewrite.Query, a.Rewrite.Reason, a.Text)
			}
		}
	}
	for _, set := range []string{"en", "es"} {
		off, words := *scores[chat.RewriteOff][set], *scores[chat.RewriteWords][set]
		t.Logf("%s, %d follow-ups: found first %d without rewriting, %d with; among five %d and %d; answered %d and %d",
			set, off.asked, off.first, words.first, off.five, words.five, off.answered, words.answered)
		if words.first*10 < off.asked*7 || words.first < off.first+off.asked/5 {
			t.Errorf("%s: rewriting finds the passage first for %d of %d, without it %d", set, words.first, off.asked, off.first)
		}
	}
}

func flat(s string) string { return strings.Join(strings.Fields(s), "") }

func TestQuestionsThatStandAloneAreLeftAlone(t *testing.T) {
	t.Parallel()
	app, ws := library(t, chat.RewriteWords)
	changed := 0
	us := followUps(t)
	last := map[string]chat.Answer{}
	for _, u := range us {
		a, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{
			Workspace: ws[u.Set], Text: u.First, Conversation: last[u.Set].Conversation,
		})
		must(t, err)
		last[u.Set] = a
		if a.Rewrite.Applied {
			changed++
			t.Logf("%q -> %q", u.First, a.Rewrite.Query)
		}
	}
	if changed*10 > len(us) {
		t.Errorf("%d of %d questions that need no context were changed", changed, len(us))
	}
}

// rewriter is a language model that says one thing when it is to rewrite.
type rewriter struct {
	said  string
	err   error
	asked []llm.Request
}

func (*rewriter) Model() string { return "rewriter" }

// Generate implements llm.Generator: a request without passages is one to rewrite.
func (g *rewriter) Generate(_ context.Context, r llm.Request) iter.Seq2[llm.Piece, error] {
	g.asked = append(g.asked, r)
	return func(yield func(llm.Piece, error) bool) {
		switch {
		case len(r.Passages) > 0:
			yield(llm.Piece{Text: "The travel desk [1].", Usage: &llm.Usage{InputTokens: 100, OutputTokens: 5}}, nil)
		case g.err != nil:
			yield(llm.Piece{}, g.err)
		default:
			yield(llm.Piece{Text: g.said, Usage: &llm.Usage{InputTokens: 30, OutputTokens: 7}}, nil)
		}
	}
}

func TestAModelRewritesAndItsNonsenseIsNotSearchedFor(t *testing.T) {
	t.Parallel()
	const follow = "And for hotels?"
	words := "And for hotels? books trains"
	for name, c := range map[string]struct {
		said   string
		err    error
		query  string
		by     chat.Rewriting
		reason string
	}{
		"a query":       {"\"Who books hotels?\"\n", nil, "Who books hotels?", chat.RewriteModel, chat.ReasonExpanded},
		"the same":      {"and for HOTELS?", nil, follow, "", chat.ReasonUnchanged},
		"nothing":       {"  ", nil, words, chat.RewriteWords, chat.ReasonInvalid},
		"a story":       {strings.Repeat("hotel ", 100), nil, words, chat.RewriteWords, chat.ReasonInvalid},
		"several lines": {"Who books hotels?\nI added the topic.", nil, words, chat.RewriteWords, chat.ReasonInvalid},
		"an error":      {"", fault.Unavailable.Errorf("away"), words, chat.RewriteWords, chat.ReasonModelFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &rewriter{said: c.said, err: c.err}
			app, ws := world(t, g, chat.Options{Rewriting: chat.RewriteModel})
			first, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains?"})
			must(t, err)
			if first.Rewrite.Applied || first.Rewrite.Reason != chat.ReasonNoHistory || len(g.asked) != 1 {
				t.Errorf("the first question became %+v with %d calls", first.Rewrite, len(g.asked))
			}
			a, err := app.Chat.Ask(t.Context(), identity.System, chat.Question{Workspace: ws, Text: follow, Conversation: first.Conversation})
			must(t, err)
			if a.Rewrite.Query != c.query || a.Rewrite.By != c.by || a.Rewrite.Reason != c.reason || a.Rewrite.Applied != (c.query != follow) {
				t.Errorf("the follow-up became %+v, want %q by %q because %s", a.Rewrite, c.query, c.by, c.reason)
			}
			if len(g.asked) != 3 {
				t.Fatalf("the model was called %d times, want 3", len(g.asked))
			}
			last := g.asked[2].Messages
			if !strings.HasSuffix(last[len(last)-1].Text, follow) || g.asked[2].Question != c.query {
				t.Errorf("the model answers %q, and an extractive one %q; want the question as it was asked, and the query", last[len(last)-1].Text, g.asked[2].Question)
			}
			if c.err == nil && (a.Usage == nil || a.Usage.InputTokens != 130) {
				t.Errorf("usage %+v, want that of both calls", a.Usage)
			}
		})
	}
}

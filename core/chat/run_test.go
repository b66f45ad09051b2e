package chat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// tap is a model that says a word whenever the test lets it, and reports when a call of it ends.
type tap struct {
	words chan string // closed: the answer is complete
	calls atomic.Int32
	ended chan error
}

func newTap() *tap { return &tap{words: make(chan string), ended: make(chan error, 10)} }

func (*tap) Model() string { return "tap" }

// Generate implements llm.Generator.
func (g *tap) Generate(ctx context.Context, _ llm.Request) iter.Seq2[llm.Piece, error] {
	g.calls.Add(1)
	return func(yield func(llm.Piece, error) bool) {
		for {
			select {
			case <-ctx.Done():
				g.ended <- ctx.Err()
				yield(llm.Piece{}, ctx.Err())
				return
			case w, more := <-g.words:
				if !more || !yield(llm.Piece{Text: w}, nil) {
					g.ended <- ctx.Err()
					return
				}
			}
		}
	}
}

// stage is an app with a tap, and a person who has begun an answer.
type stage struct {
	*testing.T

	tap   *tap
	app   *core.App
	ws    workspace.ID
	actor identity.Actor
	run   *chat.Run
}

func begin(t *testing.T, o chat.Options) *stage {
	t.Helper()
	s := &stage{T: t, tap: newTap(), actor: identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Admin}}
	s.app, s.ws = world(t, s.tap, o)
	t.Cleanup(s.app.Close)
	ctx, gone := context.WithCancel(t.Context())
	var err error
	s.run, err = s.app.Chat.Begin(ctx, s.actor, chat.Question{Workspace: s.ws, Text: "Who books trains?"})
	must(t, err)
	gone() // an answer doesn't end with the request that began it
	return s
}

func (s *stage) listen(after int) *chat.Listener {
	s.Helper()
	l, err := s.run.Listen(after)
	must(s.T, err)
	return l
}

// next is the text of the next piece, "sources", "done" or an error.
func (s *stage) next(l *chat.Listener) string {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	p, no, err := l.Next(ctx)
	switch {
	case err != nil:
		return err.Error()
	case p.Done != nil:
		return fmt.Sprintf("%d done", no)
	case p.Text != "":
		return fmt.Sprintf("%d %s", no, p.Text)
	}
	return fmt.Sprintf("%d sources", no)
}

func (s *stage) wants(l *chat.Listener, want ...string) {
	s.Helper()
	for _, w := range want {
		if got := s.next(l); got != w {
			s.Errorf("the next piece is %q, want %q", got, w)
		}
	}
}

func TestWhoComesBackHearsTheRestOfTheSameAnswer(t *testing.T) {
	t.Parallel()
	s := begin(t, chat.Options{ResumeWindow: time.Hour})
	first := s.listen(0)
	s.tap.words <- "one"
	s.wants(first, "1 sources", "2 one")
	first.Leave()
	first.Leave() // twice is once
	s.tap.words <- "two"
	s.tap.words <- "three"
	var err error
	s.run, err = s.app.Chat.Resume(t.Context(), s.actor, s.ws, s.run.ID)
	must(t, err)
	second, other := s.listen(2), s.listen(0)
	close(s.tap.words)
	s.wants(second, "3 two", "4 three", "5 done", io.EOF.Error(), io.EOF.Error())
	second.Leave()
	s.wants(other, "1 sources", "2 one", "3 two", "4 three", "5 done", io.EOF.Error())
	other.Leave()
	s.wants(s.listen(4), "5 done", io.EOF.Error()) // it is complete, and kept
	if n := s.tap.calls.Load(); n != 1 {
		t.Errorf("the model was called %d times, want once", n)
	}
	for _, after := range []int{-1, 6, 1 << 40} {
		if _, err := s.run.Listen(after); !errors.Is(err, fault.NotFound) {
			t.Errorf("Listen(%d) = %v, want %s", after, err, fault.NotFound)
		}
	}
	got, err := s.app.Chat.Conversations(t.Context(), s.actor, s.ws, chat.Page{Limit: 9})
	if must(t, err); len(got) != 1 || got[0].Title != "Who books trains?" {
		t.Errorf("the answer is remembered as %+v, want one conversation", got)
	}
}

func TestAnAnswerToWhichNobodyComesBackEnds(t *testing.T) {
	t.Parallel()
	for name, window := range map[string]time.Duration{"at once": -1, "after a while": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t, chat.Options{ResumeWindow: window})
			l := s.listen(0)
			s.tap.words <- "half"
			s.wants(l, "1 sources", "2 half")
			l.Leave()
			select {
			case err := <-s.tap.ended:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("the call of the model ended with %v, want it cancelled", err)
				}
			case <-time.After(time.Minute):
				t.Fatal("the call of the model goes on")
			}
			s.app.Close() // waits for what follows the end of the call
			if _, err := s.app.Chat.Resume(t.Context(), s.actor, s.ws, s.run.ID); !errors.Is(err, fault.NotFound) {
				t.Errorf("Resume = %v, want %s", err, fault.NotFound)
			}
			if _, err := s.run.Listen(0); !errors.Is(err, fault.NotFound) {
				t.Errorf("Listen = %v, want %s", err, fault.NotFound)
			}
			left, err := s.app.Chat.Conversations(t.Context(), s.actor, s.ws, chat.Page{Limit: 9})
			if must(t, err); len(left) != 0 {
				t.Errorf("half an answer is remembered: %+v", left)
			}
		})
	}
}

func TestAnAnswerBelongsToWhoBeganIt(t *testing.T) {
	t.Parallel()
	s := begin(t, chat.Options{})
	other, err := s.app.Workspaces.Create(t.Context(), identity.System, workspace.Draft{Name: "Other"})
	must(t, err)
	for name, c := range map[string]struct {
		actor identity.Actor
		ws    workspace.ID
		id    uuid.UUID
		kind  fault.Kind
	}{
		"another admin":     {identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Admin}, s.ws, s.run.ID, fault.NotFound},
		"the system":        {identity.System, s.ws, s.run.ID, fault.NotFound},
		"another workspace": {s.actor, other.ID, s.run.ID, fault.NotFound},
		"another answer":    {s.actor, s.ws, uuid.New(), fault.NotFound},
		"a stranger":        {identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Employee}, s.ws, s.run.ID, fault.Denied},
		"nobody":            {identity.Actor{}, s.ws, s.run.ID, fault.Denied},
	} {
		if _, err := s.app.Chat.Resume(t.Context(), c.actor, c.ws, c.id); !errors.Is(err, c.kind) {
			t.Errorf("%s: Resume = %v, want %s", name, err, c.kind)
		}
	}
}

func TestAnAnswerIsNotGoneOnWithByWhoMayNotReadItsDocumentsAnyMore(t *testing.T) {
	t.Parallel()
	for name, complete := range map[string]bool{"on its way": false, "complete": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &stage{T: t, tap: newTap(), actor: identity.Actor{Kind: identity.Person, User: uuid.New(), Role: identity.Employee}}
			s.app, s.ws = world(t, s.tap, chat.Options{ResumeWindow: time.Hour})
			t.Cleanup(s.app.Close)
			_, err := s.app.Workspaces.Publish(t.Context(), identity.System, s.ws)
			must(t, err)
			docs, _, err := s.app.Documents.List(t.Context(), identity.System, s.ws, document.Query{Limit: 1})
			must(t, err)
			s.run, err = s.app.Chat.Begin(t.Context(), s.actor, chat.Question{Workspace: s.ws, Text: "Who books trains?"})
			must(t, err)
			l := s.listen(0)
			s.tap.words <- "one"
			s.wants(l, "1 sources", "2 one")
			if complete {
				close(s.tap.words)
				s.wants(l, "3 done", io.EOF.Error())
			}
			l.Leave()
			resumes := func(when string, want error) {
				t.Helper()
				if _, err := s.app.Chat.Resume(t.Context(), s.actor, s.ws, s.run.ID); !errors.Is(err, want) {
					t.Errorf("Resume %s = %v, want %v", when, err, want)
				}
			}
			restrict := func(roles ...string) {
				t.Helper()
				_, err := s.app.Documents.Describe(t.Context(), identity.System, s.ws, docs[0].ID,
					document.DetailsPatch{Metadata: map[string]any{"allowed_roles": roles}})
				must(t, err)
			}
			resumes("at first", nil)
			restrict("admin")
			resumes("after the document was restricted", fault.NotFound)
			restrict("employee")
			resumes("after that was taken back", nil)
			must(t, s.app.Documents.Delete(t.Context(), identity.System, s.ws, docs[0].ID))
			resumes("after the document was deleted", fault.NotFound)
		})
	}
}

func TestWhatIsKeptOfAnAnswerIsBounded(t *testing.T) {
	t.Parallel()
	s := begin(t, chat.Options{ResumeWindow: time.Hour, ResumeBuffer: 4000})
	slow, quick := s.listen(0), s.listen(0)
	s.wants(quick, "1 sources")
	word := strings.Repeat("x", 500)
	for i := range 20 {
		s.tap.words <- word
		s.wants(quick, fmt.Sprintf("%d %s", i+2, word))
	}
	if _, _, err := slow.Next(t.Context()); !errors.Is(err, fault.Busy) {
		t.Errorf("who fell behind gets %v, want %s", err, fault.Busy)
	}
	if _, err := s.run.Listen(3); !errors.Is(err, fault.NotFound) {
		t.Errorf("Listen to what is dropped = %v, want %s", err, fault.NotFound)
	}
	close(s.tap.words)
	s.wants(s.listen(21), "22 done", io.EOF.Error())
}

func TestCloseEndsEverythingAndNothingBeginsAfterIt(t *testing.T) {
	t.Parallel()
	s := begin(t, chat.Options{ResumeWindow: time.Hour})
	l := s.listen(0)
	s.wants(l, "1 sources")
	s.app.Close()
	if err := <-s.tap.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the call of the model ended with %v, want it cancelled", err)
	}
	if _, _, err := l.Next(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("who listens gets %v, want %v", err, context.Canceled)
	}
	_, err := s.app.Chat.Begin(t.Context(), s.actor, chat.Question{Workspace: s.ws, Text: "Who books trains?"})
	if !errors.Is(err, fault.Unavailable) {
		t.Errorf("Begin after Close = %v, want %s", err, fault.Unavailable)
	}
}

func TestAModelThatFailsFailsForEverybodyWhoListens(t *testing.T) {
	t.Parallel()
	app, ws := world(t, &scripted{pieces: []string{"half "}, err: context.DeadlineExceeded})
	t.Cleanup(app.Close)
	run, err := app.Chat.Begin(t.Context(), identity.System, chat.Question{Workspace: ws, Text: "Who books trains?"})
	must(t, err)
	for range 2 {
		l, err := run.Listen(0)
		must(t, err)
		for err == nil {
			_, _, err = l.Next(t.Context())
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the stream ends with %v, want the error of the model", err)
		}
	}
}

package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/ragcorp/ragcorp/core/chat"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/text"
)

// foreignQuestions are a hundred questions about the inside of companies and households, which no encyclopedia answers.
//
//go:embed testdata/foreign-es.txt
var foreignQuestions string

// questioning is what the flags of answers say.
type questioning struct{ data, foreign string }

func answersCommand() command {
	return command{
		name: "answers", summary: "measure answers and their citations with a set of questions",
		help: `
Reads corpus.jsonl as eval does, and ask.jsonl, whose lines are objects with a question and its accepted answers. The questions are
asked in an installation that is thrown away afterwards, with the models of the present configuration. It prints how many answers
hold an accepted answer; how many citations quote the stored text byte for byte and contain the sentence that cites them; and how
many of a hundred questions about something else are declined, which are in Spanish unless --foreign names a file with others.`,
		define: func(f *flag.FlagSet) action {
			var q questioning
			f.StringVar(&q.data, "data", "", "`FOLDER` of the set; needed")
			f.StringVar(&q.foreign, "foreign", "", "`FILE` of questions that the documents don't answer, one a line")
			return func(ctx context.Context, p *process, _ []string) error { return q.run(ctx, p) }
		},
	}
}

// answerable is a line of ask.jsonl.
type answerable struct {
	Question string   `json:"question"`
	Answers  []string `json:"answers"`
}

// score counts what became of questions.
type score struct {
	asked, right, declined           int
	citations, exact, whole, foreign int
	strangers                        int
}

func (q questioning) run(ctx context.Context, p *process) (err error) {
	if q.data == "" {
		return usageError{"--data is missing"}
	}
	c, err := p.config()
	if err != nil {
		return err
	}
	questions, foreign, err := q.read()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ragcorp-answers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	app, closeApp, err := openApp(ctx, scratch(c, dir))
	if err != nil {
		return err
	}
	defer closeApp()
	s := &subject{app: app, config: c}
	if err := s.load(ctx, q.data, p.Stderr); err != nil {
		return err
	}
	began := time.Now()
	var t score
	for _, one := range questions {
		if err := t.ask(ctx, s, one); err != nil {
			return err
		}
	}
	for _, question := range foreign {
		a, err := s.answer(ctx, question)
		if err != nil {
			return err
		}
		t.strangers++
		if !a.Evidence {
			t.foreign++
		}
	}
	return t.print(p, s.documents, time.Since(began))
}

func (q questioning) read() (questions []answerable, foreign []string, err error) {
	f, err := os.Open(filepath.Join(q.data, "ask.jsonl"))
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var a answerable
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil || a.Question == "" {
			return nil, nil, fmt.Errorf(`ask.jsonl: line %d must be an object with "question" and "answers"`, len(questions)+1)
		}
		questions = append(questions, a)
	}
	all := foreignQuestions
	if q.foreign != "" {
		raw, err := os.ReadFile(q.foreign)
		if err != nil {
			return nil, nil, err
		}
		all = string(raw)
	}
	for line := range strings.Lines(all) {
		if line = strings.TrimSpace(line); line != "" {
			foreign = append(foreign, line)
		}
	}
	return questions, foreign, lines.Err()
}

func (s *subject) answer(ctx context.Context, question string) (chat.Answer, error) {
	a, err := s.app.Chat.Ask(ctx, identity.System, chat.Question{Workspace: s.workspace, Text: question})
	if err != nil {
		return a, fmt.Errorf("ask %q: %w", question, err)
	}
	return a, nil
}

// ask asks one question and counts.
func (t *score) ask(ctx context.Context, s *subject, q answerable) error {
	a, err := s.answer(ctx, q.Question)
	if err != nil {
		return err
	}
	t.asked++
	if !a.Evidence {
		t.declined++
	}
	for _, want := range q.Answers {
		if strings.Contains(plain(a.Text), plain(want)) {
			t.right++
			break
		}
	}
	claims := claimsOf(a.Text)
	for _, c := range a.Citations {
		stored, err := s.app.Documents.Text(ctx, identity.System, s.workspace, c.Document)
		if err != nil {
			return err
		}
		t.citations++
		exact := c.Span.Start >= 0 && c.Span.End <= len(stored.Body) && c.Quote != "" && stored.Body[c.Span.Start:c.Span.End] == c.Quote
		if !exact {
			continue
		}
		t.exact++
		for _, claim := range claims[c.Marker] {
			if strings.Contains(plain(c.Quote), claim) {
				t.whole++
				break
			}
		}
	}
	return nil
}

var marker = regexp.MustCompile(`\s*\[(\d+)\]`)

// claimsOf returns, for each marker, the plain text of the sentences before it.
func claimsOf(answer string) map[int][]string {
	out := map[int][]string{}
	from := 0
	for _, m := range marker.FindAllStringSubmatchIndex(answer, -1) {
		n := 0
		for _, digit := range answer[m[2]:m[3]] {
			n = 10*n + int(digit-'0')
		}
		if claim := plain(answer[from:m[0]]); claim != "" {
			out[n] = append(out[n], claim)
		}
		from = m[1]
	}
	return out
}

// plain leaves letters and digits, folded, so that case, accents, white space and quotation marks make no difference.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text.Fold(s))
}

func (t *score) print(p *process, documents int, took time.Duration) error {
	share := func(n, of int) string {
		return fmt.Sprintf("%d of %d (%.1f %%)", n, of, 100*float64(n)/float64(max(1, of)))
	}
	for _, row := range [][2]string{
		{"set", fmt.Sprintf("%d documents, %d questions, %d foreign ones; %.1f s", documents, t.asked, t.strangers, took.Seconds())},
		{"accepted", share(t.right, t.asked) + " answers hold an accepted answer"},
		{"declined", share(t.declined, t.asked) + " questions are declined although the documents answer them"},
		{"exact", share(t.exact, t.citations) + " citations quote the stored text byte for byte"},
		{"whole", share(t.whole, t.citations) + " citations do so and contain the sentence that cites them"},
		{"foreign", share(t.foreign, t.strangers) + " foreign questions are declined"},
	} {
		if _, err := fmt.Fprintf(p.Stdout, "%-10s %s\n", row[0], row[1]); err != nil {
			return err
		}
	}
	return nil
}

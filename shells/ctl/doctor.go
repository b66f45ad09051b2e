package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/ops"
)

func doctorCommand() command {
	return command{
		name: "doctor", summary: "show the settings in force, and try everything that they name",
		help: `
Shows every setting with its value and meaning; secrets are hidden. Then tries the security settings, the database and its
schema, the blob store (a probe is written, read and removed), Redis where there is one, the models (a model over the wire is asked one short
question) and the reading of files. The exit code is 1 when something fails.`,
		define: func(f *flag.FlagSet) action {
			timeout := f.Duration("timeout", 30*time.Second, "how long each try may take, as a `SPAN`")
			asJSON := f.Bool("json", false, "print JSON")
			return func(ctx context.Context, p *process, _ []string) error { return doctor(ctx, p, *timeout, *asJSON) }
		},
	}
}

// finding is what a check found out.
type finding struct {
	Name   string  `json:"name"`
	OK     bool    `json:"ok"`
	Detail string  `json:"detail"` // what was tried, or what is wrong
	MS     float64 `json:"ms"`
}

func doctor(ctx context.Context, p *process, timeout time.Duration, asJSON bool) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	if !asJSON {
		if err := printSettings(p.Stdout, c); err != nil {
			return err
		}
	}
	findings := examine(ctx, c, timeout)
	failed := 0
	for _, f := range findings {
		if !f.OK {
			failed++
		}
	}
	if asJSON {
		err = printDiagnosis(p.Stdout, c, findings, failed == 0)
	} else {
		err = printFindings(p.Stdout, findings)
	}
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d checks failed", failed, len(findings))
	}
	return err
}

// examine runs the checks, one after the other.
func examine(ctx context.Context, c adapters.Config, timeout time.Duration) []finding {
	out := make([]finding, 0, len(checks()))
	for _, check := range checks() {
		out = append(out, check.run(ctx, c, timeout))
	}
	return out
}

// run runs a check, but doesn't wait for it longer than the timeout and a little.
func (k check) run(ctx context.Context, c adapters.Config, timeout time.Duration) finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	detail, err := k.try(ctx, c)
	if err != nil {
		detail = err.Error()
		if errors.Is(err, context.DeadlineExceeded) {
			detail = fmt.Sprintf("no answer within %v", timeout)
		}
	}
	took := time.Since(began)
	return finding{Name: k.name, OK: err == nil, Detail: adapters.Redact(detail), MS: float64(took.Microseconds()) / 1000}
}

func printSettings(w io.Writer, c adapters.Config) error {
	fmt.Fprintf(w, "ragcorp %s\n\n", ops.Version())
	var rows [][]string
	for _, s := range c.Settings() {
		origin := "set"
		if s.Default {
			origin = "default"
		}
		rows = append(rows, []string{s.Name, s.Value, origin, s.Meaning})
	}
	return printTable(w, []string{"SETTING", "VALUE", "ORIGIN", "MEANING"}, rows)
}

func printFindings(w io.Writer, findings []finding) error {
	fmt.Fprintln(w)
	var rows [][]string
	for _, f := range findings {
		state := "ok"
		if !f.OK {
			state = "FAILED"
		}
		rows = append(rows, []string{f.Name, state, fmt.Sprintf("%.0f ms", f.MS), f.Detail})
	}
	return printTable(w, []string{"CHECK", "RESULT", "TOOK", "DETAIL"}, rows)
}

func printDiagnosis(w io.Writer, c adapters.Config, findings []finding, ok bool) error {
	type settingJSON struct {
		Name    string `json:"name"`
		Value   string `json:"value"`
		Default bool   `json:"default"`
		Secret  bool   `json:"secret"`
		Meaning string `json:"meaning"`
	}
	var settings []settingJSON
	for _, s := range c.Settings() {
		settings = append(settings, settingJSON(s))
	}
	return printJSON(w, map[string]any{"version": ops.Version(), "ok": ok, "settings": settings, "checks": findings})
}

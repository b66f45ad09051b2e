package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/llm"
	"github.com/ragcorp/ragcorp/core/text"
)

// ingestData is what an event on TopicIngest carries.
type ingestData struct {
	Run       int    `json:"run"`
	FileName  string `json:"file_name,omitempty"`
	MediaType string `json:"mime_type,omitempty"`
}

// RunOf reads from an event on TopicIngest which run it asks for.
func RunOf(e event.Event) (Run, error) {
	var data ingestData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return Run{}, fmt.Errorf("event %s: %w", e.ID, err)
	}
	id, err := parseID(e.Subject)
	if err != nil {
		return Run{}, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return Run{Document: id, Workspace: e.Workspace, Number: data.Run}, nil
}

// Ingest runs the pipeline for one run of a document, under a lease. It may be repeated and interrupted at any point: what
// was embedded stays embedded, and the outcome becomes visible all at once or not at all.
//
// It returns nil when the run is over, whichever way, and an error when trying again later may help. On the last try, which is
// given up when it fails too, the run does without what is optional and can't be had: the contexts of chunks.
func (s *Service) Ingest(ctx context.Context, l event.Lease, r Run, last bool) error {
	d, err := s.ports.Pipeline.Start(ctx, l, r, s.opts.Now())
	if err == nil {
		w := &worker{Service: s, lease: l, run: r, last: last, reported: s.opts.Now()}
		err = w.work(ctx, d)
	}
	if f := fault.Of(err); f != nil && f.Reason == llm.ReasonDimension { // that is the model's failure, not the document's
		err = fault.Unavailable.Wrap(err, f.Text).Because(f.Reason)
	}
	switch {
	case errors.Is(err, ErrStopped):
		return nil
	case err == nil, errors.Is(err, event.ErrLeaseLost), !fault.Permanent(err):
		return err
	}
	return s.fail(ctx, l, r, err)
}

// fail ends a run for a reason that is the document's own.
func (s *Service) fail(ctx context.Context, l event.Lease, r Run, cause error) error {
	now := s.opts.Now()
	f := failureOf(cause)
	e := event.New("document.failed", "system", now, map[string]any{"run": r.Number, "code": f.Code})
	err := s.ports.Pipeline.Fail(ctx, l, r, f, now, e.In(r.Workspace, r.Document.String()))
	if errors.Is(err, ErrStopped) {
		return nil
	}
	return err
}

func failureOf(err error) Failure {
	f := fault.Of(err)
	code := f.Reason
	if code == "" {
		code = string(f.Kind)
	}
	return Failure{Code: code, Text: f.Text}
}

// GiveUp ends a run that kept failing for reasons that are not the document's own: the document fails, and the delivery is
// dead, with the cause for operators. Replaying the delivery runs it again.
func (s *Service) GiveUp(ctx context.Context, l event.Lease, r Run, cause string) error {
	now := s.opts.Now()
	f := Failure{
		Code: ReasonExhausted, Text: "Something that processing needs kept failing. Process the document again later.", Cause: cause,
	}
	e := event.New("document.failed", "system", now, map[string]any{"run": r.Number, "code": f.Code})
	err := s.ports.Pipeline.GiveUp(ctx, l, r, f, now, e.In(r.Workspace, r.Document.String()))
	if errors.Is(err, ErrStopped) {
		return s.ports.Events.Done(ctx, l, now)
	}
	return err
}

// worker is one run of the pipeline.
type worker struct {
	*Service
	lease    event.Lease
	run      Run
	last     bool      // when this try fails, the run is given up
	reported time.Time // when progress was stored last, or the run began
}

func (w *worker) work(ctx context.Context, d Document) error {
	composed, properties, err := w.parse(ctx, d)
	if err != nil {
		return err
	}
	g, err := w.generation(ctx, d, composed, properties)
	if err != nil {
		return err
	}
	for range 3 { // embeddings may vanish under our hands when another document with the same text is purged
		if err = w.embed(ctx, g); err != nil {
			return err
		}
		if err = w.report(ctx, Progress{Stage: StageIndexing, Done: len(g.Chunks), Total: len(g.Chunks)}); err != nil {
			return err
		}
		now, r := w.opts.Now(), w.run
		e := event.New("document.ready", "system", now, map[string]any{"run": r.Number, "chunks": len(g.Chunks)})
		err = w.ports.Pipeline.Switch(ctx, w.lease, r, g, now, e.In(r.Workspace, r.Document.String()))
		if !errors.Is(err, ErrNotEmbedded) {
			break
		}
	}
	if err != nil {
		return err
	}
	// The document is done and its delivery settled: a failure to tidy the index is nobody's loss, the next change tidies again.
	_ = w.ports.Janitor.Compact(ctx, w.run.Workspace)
	return nil
}

// generation makes analysed chunks of a text, with contexts where they are written.
func (w *worker) generation(ctx context.Context, d Document, t text.Text, about map[string]string) (Generation, error) {
	if err := w.report(ctx, Progress{Stage: StageChunking}); err != nil {
		return Generation{}, err
	}
	began := w.opts.Now()
	g := w.chunk(d, t)
	g.About = about
	cutting := w.opts.Now().Sub(began)
	if len(g.Chunks) == 0 {
		return g, fault.Invalid.Errorf("there is no text in this document; if it is a scan, run text recognition on it first").Because(ReasonNoText)
	}
	if err := w.writeContexts(ctx, &g); err != nil {
		return g, err
	}
	began = w.opts.Now()
	w.analyse(g)
	w.opts.Chunked(cutting + w.opts.Now().Sub(began))
	return g, nil
}

// reportEvery is how often progress is stored at most: often enough to watch, and to notice that the run is over; seldom
// enough to cost nothing. What takes less time than that stores none.
const reportEvery = 500 * time.Millisecond

func (w *worker) report(ctx context.Context, p Progress) error {
	now := w.opts.Now()
	if now.Sub(w.reported) < reportEvery {
		return nil
	}
	w.reported = now
	return w.ports.Pipeline.Report(ctx, w.lease, w.run, p, now)
}

// parse reads the file. While it does, progress is stored now and then, and parsing ends early when the run is over.
func (w *worker) parse(ctx context.Context, d Document) (text.Text, map[string]string, error) {
	body, err := w.ports.Blobs.Open(ctx, d.Original.Key)
	if err != nil {
		if errors.Is(err, fault.NotFound) {
			return text.Text{}, nil, fault.Invalid.Wrap(err, "the file of this document is gone; upload it again").Because("missing_file")
		}
		return text.Text{}, nil, err
	}
	defer func() { _ = body.Close() }() // it was only read

	outer := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done, total atomic.Int64
	watched := w.watch(ctx, stop, func() Progress {
		return Progress{Stage: StageParsing, Done: int(done.Load()), Total: int(total.Load())}
	})
	in := insides{w: w, parent: d, depth: -1, taken: map[string]bool{}}
	parsed, err := w.ports.Parser.Parse(ctx, File{
		Name: d.Original.Name, MediaType: d.Original.MediaType, Size: d.Original.Size, Body: body,
		Progress: func(n, of int) { done.Store(int64(n)); total.Store(int64(of)) },
		Attached: func(a Attachment) error { return in.take(ctx, a) },
	})
	stop(nil)
	<-watched
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return text.Text{}, nil, cause
	}
	if err == nil {
		err = in.drop(outer)
	}
	if err != nil {
		return text.Text{}, nil, err
	}
	return text.Compose(parsed.Blocks), about(parsed, in.skipped), nil
}

// watch stores progress now and then until ctx ends; it stops everything when the run turns out to be over. The channel
// closes when it is done.
func (w *worker) watch(ctx context.Context, stop context.CancelCauseFunc, progress func() Progress) <-chan struct{} {
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		tick := time.NewTicker(reportEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := w.report(ctx, progress())
			if errors.Is(err, ErrStopped) || errors.Is(err, event.ErrLeaseLost) {
				stop(err)
			}
		}
	}()
	return finished
}

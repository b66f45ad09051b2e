package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// maxInside bounds how deeply documents may come out of documents: a message in an archive in a message, and so on.
const maxInside = 5

// maxPath is the longest place inside of a file that is kept, in characters; of a longer one it is the end.
const maxPath = 500

// insides makes documents of the files that are found inside of the document of a run. Each is known by its place: doing so
// again makes nothing new, and new content of the file around them becomes new content of theirs.
type insides struct {
	w       *worker
	parent  Document        // as it was when the run began
	scope   workspace.Scope // of the system; set by measure
	depth   int             // of the parent; -1 as long as it isn't known
	taken   map[string]bool // by place
	skipped []string        // paths of what became no document
}

// take makes a document of one file. It belongs to the parent and inherits who may see it and what its client said.
func (in *insides) take(ctx context.Context, a Attachment) error {
	s, name := in.w.Service, fileName(a.Path)
	mediaType, err := s.ports.Parser.Sniff(a.Data[:min(len(a.Data), headBytes)], name, a.MediaType)
	if errors.Is(err, fault.Unsupported) || len(a.Data) == 0 || int64(len(a.Data)) > s.opts.MaxUpload {
		in.skipped = append(in.skipped, a.Path)
		return nil
	}
	if err == nil {
		err = in.measure(ctx)
	}
	if err != nil {
		return err
	}
	r, err := s.keep(ctx, in.scope, identity.System, Original{Name: name, MediaType: mediaType}, bytes.NewReader(a.Data))
	if err != nil {
		return fmt.Errorf("keep %q of %s: %w", a.Path, in.parent.ID, err)
	}
	place := in.place(a.Path)
	r.doc.Hash = insideHash(in.parent.ID, place, r.doc.Hash)
	used := false
	err = s.ports.Pipeline.Attach(ctx, in.w.lease, in.w.run, place, func(around Document, d *Document) (events []event.Event, err error) {
		used, events, err = s.attached(d, around, arriving{receipt: r}, place)
		return events, err
	})
	return s.settle(ctx, r, used, err)
}

// place is the name by which a file inside of the parent is known, which no other one in it has.
func (in *insides) place(path string) string {
	runes := []rune(strings.ToValidUTF8(strings.ReplaceAll(path, "\x00", ""), ""))
	base := string(runes[max(0, len(runes)-maxPath):])
	place := base
	for n := 2; in.taken[place]; n++ {
		place = fmt.Sprintf("%s (%d)", base, n)
	}
	in.taken[place] = true
	return place
}

// attached makes d that of a file which was found at a place inside of another document's, and says whether it uses the bytes
// that arrived. What is there already with the same content stays as it is, unless it had failed.
func (s *Service) attached(d *Document, around Document, in arriving, place string) (used bool, events []event.Event, err error) {
	now := s.opts.Now()
	switch {
	case d.ID == (ID{}):
		*d = in.receipt.doc
		err := s.describe(d, Details{Source: s.sourceInside(around, place), Metadata: maps.Clone(around.Metadata)})
		if err != nil {
			return false, nil, err
		}
		d.Title, d.Uploader, d.CreatedAt = s.title("", d.Original.Name), around.Uploader, now
		return true, []event.Event{d.begin("document.upload", identity.System, now, event.Lease{})}, nil
	case d.Hash != in.receipt.doc.Hash:
		d.Source = s.sourceInside(around, place)
		return true, d.renew(identity.System, in, now), nil
	case d.Status == Failed:
		return false, []event.Event{recorded(d.again("document.reprocess", identity.System, now), *d)}, nil
	}
	return false, nil, nil
}

// sourceInside says where a file was: the source of the document around it, or the name of its file, then "!/" and the place.
func (s *Service) sourceInside(around Document, place string) string {
	from := around.Source
	if from == "" {
		from = around.Original.Name
	}
	source := []rune(from + "!/" + place)
	return string(source[:min(len(source), s.opts.MaxSource)])
}

// measure finds out, once, how deeply the parent is nested.
func (in *insides) measure(ctx context.Context) error {
	if in.depth >= 0 {
		return nil
	}
	scope, err := in.w.workspaces.Reading(ctx, identity.System, in.parent.Workspace)
	if err != nil {
		return err
	}
	in.scope, in.depth = scope, 0
	for at := in.parent; at.Parent != (ID{}); in.depth++ {
		if in.depth+1 >= maxInside {
			return fault.TooLarge.Errorf("files are nested too deeply inside of each other; take them out and upload them by themselves").
				Because(ReasonTooLarge)
		}
		if at, err = in.w.ports.Store.Document(ctx, scope, at.Parent); errors.Is(err, fault.NotFound) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// drop deletes what came out of the parent's file and is no longer in it.
func (in *insides) drop(ctx context.Context) error {
	s := in.w.Service
	scope, err := s.workspaces.Reading(ctx, identity.System, in.parent.Workspace)
	if err != nil {
		return err
	}
	q := Query{Parent: in.parent.ID, Sort: OldestFirst, Limit: 100}
	for {
		docs, err := s.ports.Store.List(ctx, scope, q)
		if err != nil {
			return err
		}
		for _, d := range docs {
			q.After = Cursor{CreatedAt: d.CreatedAt, ID: d.ID}
			if in.taken[d.Path] {
				continue
			}
			now := s.opts.Now()
			if err := s.ports.Pipeline.Report(ctx, in.w.lease, in.w.run, Progress{Stage: StageParsing}, now); err != nil {
				return err // of a run that is over, or not ours any more: what it didn't find may be there
			}
			if err := s.deleteTree(ctx, identity.System, scope, d.ID); err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
		}
		if len(docs) < q.Limit {
			return nil
		}
	}
}

// about is what is told of a file: what it says about itself, and what could not be read of it.
func about(p Parsed, skipped []string) map[string]string {
	m := maps.Clone(p.Metadata)
	if m == nil {
		m = map[string]string{}
	}
	if p.Title != "" {
		m["title"] = p.Title
	}
	if len(p.EmptyPages) > 0 {
		m["pages_without_text"] = ranges(p.EmptyPages)
	}
	if len(skipped) > 0 {
		const most = 2000
		list := strings.Join(skipped, ", ")
		if m["not_read"] != "" {
			list = m["not_read"] + ", " + list
		}
		m["not_read"] = strings.ToValidUTF8(list[:min(len(list), most)], "")
	}
	return m
}

// ranges writes ascending numbers with those that follow each other drawn together: "1, 3-5".
func ranges(numbers []int) string {
	var out []string
	for len(numbers) > 0 {
		n := 1
		for n < len(numbers) && numbers[n] == numbers[n-1]+1 {
			n++
		}
		s := strconv.Itoa(numbers[0])
		if n > 1 {
			s += "-" + strconv.Itoa(numbers[n-1])
		}
		if out = append(out, s); len(out) == 100 && n < len(numbers) {
			out = append(out, "…")
			break
		}
		numbers = numbers[n:]
	}
	return strings.Join(out, ", ")
}

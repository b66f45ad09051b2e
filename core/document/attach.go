package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/ragcorp/ragcorp/core/event"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// maxInside bounds how deeply documents may come out of documents: a message in an archive in a message, and so on.
const maxInside = 5

// insides makes documents of the files that are found inside of another one. Doing so again makes nothing new, since a
// workspace has a document of the same content only once.
type insides struct {
	s       *Service
	parent  Document
	scope   workspace.Scope // of the system
	depth   int             // of the parent; -1 as long as it isn't known
	skipped []string        // paths of what became no document
}

// take makes a document of one file. It belongs to the parent and inherits who may see it and what its client said.
func (in *insides) take(ctx context.Context, a Attachment) error {
	name := fileName(a.Path)
	mediaType, err := in.s.ports.Parser.Sniff(a.Data[:min(len(a.Data), headBytes)], name, a.MediaType)
	if errors.Is(err, fault.Unsupported) || len(a.Data) == 0 || int64(len(a.Data)) > in.s.opts.MaxUpload {
		in.skipped = append(in.skipped, a.Path)
		return nil
	}
	if err == nil {
		err = in.measure(ctx)
	}
	if err != nil {
		return err
	}
	r, err := in.s.keep(ctx, in.scope, identity.System, Original{Name: name, MediaType: mediaType}, bytes.NewReader(a.Data))
	if err != nil {
		return fmt.Errorf("keep %q of %s: %w", a.Path, in.parent.ID, err)
	}
	d, err := in.draft(r.doc, a.Path)
	if err != nil {
		return err
	}
	now := in.s.opts.Now()
	d.CreatedAt = now
	e := d.again("document.upload", identity.System, now)
	e.Data = event.New("", "", now, ingestData{Run: d.Run, FileName: name, MediaType: mediaType}).Data
	if _, created, err := in.s.ports.Store.Create(ctx, d, recorded(e, d)); err != nil || !created {
		return errors.Join(err, in.s.Discard(ctx, r))
	}
	return nil
}

// measure finds out, once, how deeply the parent is nested.
func (in *insides) measure(ctx context.Context) error {
	if in.depth >= 0 {
		return nil
	}
	scope, err := in.s.workspaces.Reading(ctx, identity.System, in.parent.Workspace)
	if err != nil {
		return err
	}
	in.scope, in.depth = scope, 0
	for at := in.parent; at.Parent != (ID{}); in.depth++ {
		if in.depth+1 >= maxInside {
			return fault.TooLarge.Errorf("files are nested too deeply inside of each other; take them out and upload them by themselves").
				Because(ReasonTooLarge)
		}
		if at, err = in.s.ports.Store.Document(ctx, scope, at.Parent); errors.Is(err, fault.NotFound) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// draft describes the document of a file at a path inside of the parent. Its source says where it was: that of the parent, or
// the name of the parent's file, then "!/" and the path.
func (in *insides) draft(d Document, path string) (Document, error) {
	from := in.parent.Source
	if from == "" {
		from = in.parent.Original.Name
	}
	source := []rune(strings.ToValidUTF8(strings.ReplaceAll(from+"!/"+path, "\x00", ""), ""))
	if err := in.s.describe(&d, Details{
		Source: string(source[:min(len(source), in.s.opts.MaxSource)]), Metadata: maps.Clone(in.parent.Metadata),
	}); err != nil {
		return d, err
	}
	d.Title = in.s.title("", d.Original.Name)
	d.Parent, d.Uploader = in.parent.ID, in.parent.Uploader
	return d, nil
}

// deleteInsides deletes the documents that came out of a document's file, and what came out of theirs.
func (s *Service) deleteInsides(ctx context.Context, a identity.Actor, ws workspace.ID, id ID, now time.Time) error {
	scope, err := s.workspaces.Reading(ctx, identity.System, ws)
	if err != nil {
		return err
	}
	for {
		const batch = 100
		docs, err := s.ports.Store.List(ctx, scope, Query{Parent: id, Sort: OldestFirst, Limit: batch})
		if err != nil {
			return err
		}
		for _, d := range docs {
			if err := s.deleteInsides(ctx, a, ws, d.ID, now); err != nil {
				return err
			}
			_, err := s.ports.Store.Update(ctx, scope, d.ID, func(d *Document) ([]event.Event, error) { return s.deleted(a, d, now), nil })
			if err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
		}
		if len(docs) < batch {
			return nil
		}
	}
}

// restoreInsides takes back what was deleted together with a document. What can't be, because its content is there again or
// it is gone for good, stays away.
func (s *Service) restoreInsides(ctx context.Context, a identity.Actor, ws workspace.ID, id ID, deletedAt time.Time) error {
	scope, err := s.workspaces.Reading(ctx, identity.System, ws)
	if err != nil {
		return err
	}
	q := Query{Parent: id, Deleted: true, Sort: OldestFirst, Limit: 100}
	for {
		docs, err := s.ports.Store.List(ctx, scope, q)
		if err != nil {
			return err
		}
		for _, d := range docs {
			q.After = Cursor{CreatedAt: d.CreatedAt, ID: d.ID}
			if !d.DeletedAt.Equal(deletedAt) {
				continue
			}
			_, err := s.ports.Store.Restore(ctx, scope, d.ID, func(d *Document) ([]event.Event, error) { return s.restored(a, d), nil })
			if errors.Is(err, fault.Conflict) || errors.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := s.restoreInsides(ctx, a, ws, d.ID, deletedAt); err != nil {
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

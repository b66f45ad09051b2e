package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/document"
)

// serverSink is a running server.
type serverSink struct {
	base      string
	key       string
	client    *http.Client
	workspace uuid.UUID
}

var _ sink = (*serverSink)(nil)

func newServerSink(base, key string) (*serverSink, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, usageError{"--server must be a URL such as https://rag.example.org"}
	}
	if key == "" {
		return nil, usageError{"the variable RAGCORP_API_KEY must hold an API key"}
	}
	return &serverSink{base: strings.TrimSuffix(base, "/"), key: key, client: &http.Client{Timeout: 10 * time.Minute}}, nil
}

func (s *serverSink) id() uuid.UUID { return s.workspace }

func (s *serverSink) bulk() (files int, bytes int64) { return 20, 16 << 20 }

func (s *serverSink) open(ctx context.Context, name string, create bool) error {
	var pick picker
	for cursor := ""; ; {
		var page struct {
			Workspaces []struct {
				ID   uuid.UUID
				Name string
			}
			NextCursor string `json:"next_cursor"`
		}
		if err := s.get(ctx, "/v1/workspaces?limit=200&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return err
		}
		for _, w := range page.Workspaces {
			pick.offer(name, w.ID, w.Name)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	id, err := pick.choose(name)
	switch {
	case err != nil || id != uuid.Nil:
	case create:
		var made struct{ ID uuid.UUID }
		body, _ := json.Marshal(map[string]string{"name": name}) // strings marshal
		err = s.do(ctx, request{method: http.MethodPost, path: "/v1/workspaces", kind: "application/json", body: bytesBody(body)}, &made)
		id = made.ID
	}
	s.workspace = id
	return err
}

func (s *serverSink) path(rest string) string { return "/v1/workspaces/" + s.workspace.String() + rest }

func (s *serverSink) list(ctx context.Context, status document.Status, cursor string) ([]entry, string, error) {
	var page struct {
		Documents []struct {
			ID         uuid.UUID
			ExternalID string `json:"external_id"`
			Hash       string `json:"content_hash"`
			Status     document.Status
			Reason     string `json:"error_message"`
		}
		NextCursor string `json:"next_cursor"`
	}
	q := url.Values{"limit": {"200"}, "sort": {"created_at_asc"}, "status": {string(status)}, "cursor": {cursor}}
	if err := s.get(ctx, s.path("/documents?"+q.Encode()), &page); err != nil {
		return nil, "", err
	}
	out := make([]entry, len(page.Documents))
	for i, d := range page.Documents {
		out[i] = entry{d.ID, d.ExternalID, d.Hash, d.Status, d.Reason}
	}
	return out, page.NextCursor, nil
}

func (s *serverSink) put(ctx context.Context, files []putting) ([]put, error) {
	var res struct {
		Files []struct {
			DocumentID uuid.UUID `json:"document_id"`
			Duplicate  bool
			Replaced   bool
			Error      *problem
		}
	}
	if info, gone := os.Stat(files[0].path); gone != nil || !info.Mode().IsRegular() {
		return []put{{refused: "it is gone"}}, nil //nolint:nilerr // that is the outcome of the file
	}
	boundary := multipart.NewWriter(io.Discard).Boundary()
	r := request{method: http.MethodPost, path: s.path("/documents/batch"), kind: "multipart/form-data; boundary=" + boundary}
	r.body = func() io.ReadCloser { return streamForm(boundary, files) }
	err := s.do(ctx, r, &res)
	var p *problem
	if errors.As(err, &p) && p.Status == http.StatusRequestEntityTooLarge {
		if len(files) > 1 {
			return s.put(ctx, files[:len(files)/2])
		}
		return []put{{refused: p.Detail}}, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]put, len(res.Files))
	for i, f := range res.Files {
		out[i] = put{document: f.DocumentID, arrival: document.Created}
		switch {
		case f.Error != nil:
			out[i] = put{refused: f.Error.Detail, ignored: f.Error.Status == http.StatusUnsupportedMediaType}
		case f.Duplicate:
			out[i].arrival = document.Known
		case f.Replaced:
			out[i].arrival = document.Replaced
		}
	}
	return out, nil
}

// streamForm writes a form while it is read, so that no file is held in memory.
func streamForm(boundary string, files []putting) io.ReadCloser {
	r, w := io.Pipe()
	go func() { w.CloseWithError(writeForm(w, boundary, files)) }() // it ends when the reader closes
	return r
}

func writeForm(w io.Writer, boundary string, files []putting) error {
	form := multipart.NewWriter(w)
	if err := form.SetBoundary(boundary); err != nil {
		return err
	}
	for _, f := range files {
		if err := form.WriteField("external_id", f.name); err != nil {
			return err
		}
		part, err := form.CreateFormFile("file", f.rel)
		if err != nil {
			return err
		}
		body, err := os.Open(f.path)
		if err != nil {
			continue // an empty file is refused, with its name
		}
		_, err = io.Copy(part, body)
		_ = body.Close() // it was only read
		if err != nil {
			return fmt.Errorf("read %s: %w", f.rel, err)
		}
	}
	return form.Close()
}

func (s *serverSink) remove(ctx context.Context, id uuid.UUID) error {
	return s.do(ctx, request{method: http.MethodDelete, path: s.path("/documents/" + id.String())}, nil)
}

// work leaves the documents to the server.
func (s *serverSink) work(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

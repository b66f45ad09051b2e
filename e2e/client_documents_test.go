package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// file is a file to upload.
type file struct {
	name      string
	mediaType string // as the client declares it; empty: application/octet-stream
	content   []byte
	title     string
	metadata  string // a JSON object; empty: none
}

// testdata reads a file of the folder testdata.
func testdata(t testing.TB, name string) file {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return file{name: name, content: content}
}

// library is one workspace as one user sees it.
type library struct {
	*client

	id string
}

// document is a document as the API shows it.
type document struct {
	ID           string         `json:"id"`
	Title        string         `json:"title"`
	FileName     string         `json:"file_name"`
	MimeType     string         `json:"mime_type"`
	Size         int64          `json:"size"`
	Status       string         `json:"status"`
	Tags         []string       `json:"tags"`
	Metadata     map[string]any `json:"metadata"`
	ErrorCode    string         `json:"error_code"`
	ErrorMessage string         `json:"error_message"`
	Language     string         `json:"language"`
	PageCount    int            `json:"page_count"`
	ChunkCount   int            `json:"chunk_count"`
	Run          int            `json:"run"`
	CreatedAt    time.Time      `json:"created_at"`
	Progress     struct {
		Stage       string `json:"stage"`
		Done, Total int
	} `json:"progress"`
}

func (d document) settled() bool { return d.Status != "PENDING" && d.Status != "PROCESSING" }

type documentPage struct {
	Documents  []document `json:"documents"`
	NextCursor *string    `json:"next_cursor"`
}

type uploaded struct {
	DocumentID string `json:"document_id"`
	Status     string `json:"status"`
	MimeType   string `json:"mime_type"`
	Duplicate  bool   `json:"duplicate"`
}

type match struct {
	ChunkID    string `json:"chunk_id"`
	DocumentID string `json:"document_id"`
	Content    string `json:"content"`
	Page       int    `json:"page"`
	Start, End int
}

type citation struct {
	Marker     int     `json:"marker"`
	DocumentID string  `json:"document_id"`
	ChunkID    string  `json:"chunk_id"`
	Page       int     `json:"page"`
	Start      int     `json:"start"`
	End        int     `json:"end"`
	Quote      string  `json:"quote"`
	Score      float64 `json:"score"`
}

type answer struct {
	Answer         string     `json:"answer"`
	Sources        []string   `json:"sources"`
	ConversationID string     `json:"conversation_id"`
	Citations      []citation `json:"citations"`
	Grounded       bool       `json:"grounded"`
	Evidence       bool       `json:"evidence"`
	Language       string     `json:"language"`
}

// quotes is all that an answer quotes.
func (a answer) quotes() string {
	var out []string
	for _, c := range a.Citations {
		out = append(out, c.Quote)
	}
	return strings.Join(out, "\n")
}

type stretch struct {
	Text             string `json:"text"`
	Start, End, Size int
	Pages            []struct{ Number, Start, End int }
}

// library makes a workspace.
func (c *client) library(t *testing.T, name string) *library {
	t.Helper()
	w := expect[struct{ ID string }](t, c, http.StatusCreated, "POST", "/v1/workspaces", map[string]string{"name": name})
	return &library{c, w.ID}
}

// as is the same workspace for another user, or at another shell.
func (l *library) as(c *client) *library { return &library{c, l.id} }

func (l *library) path(rest string) string { return "/v1/workspaces/" + l.id + rest }

func (l *library) documentPath(id, rest string) string { return l.path("/documents/" + id + rest) }

// form is a file as a form.
func (l *library) form(t *testing.T, f file) *http.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range map[string]string{"title": f.title, "metadata": f.metadata} {
		if value != "" {
			_ = w.WriteField(name, value) // a buffer takes everything
		}
	}
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="file"; filename=%q`, f.name))
	if f.mediaType != "" {
		h.Set("Content-Type", f.mediaType)
	}
	part, _ := w.CreatePart(h)
	_, _ = part.Write(f.content)
	_ = w.Close()
	req := l.request(t, "POST", l.path("/documents/upload"), &b)
	req.Header.Set("Content-Type", w.FormDataContentType())
	return req
}

// offer uploads a file, whatever comes of it.
func (l *library) offer(t *testing.T, f file) reply {
	t.Helper()
	r, err := l.send(t, l.form(t, f))
	if err != nil {
		t.Fatalf("upload %s: %v", f.name, err)
	}
	return r
}

// upload uploads a file that is to be accepted.
func (l *library) upload(t *testing.T, f file) uploaded {
	t.Helper()
	r := l.offer(t, f)
	if r.status != http.StatusAccepted {
		t.Fatalf("upload of %s = %d: %s", f.name, r.status, r.body)
	}
	return parse[uploaded](t, r)
}

// add uploads files and waits until all of them are ready; it returns them in the same order.
func (l *library) add(t *testing.T, files ...file) []document {
	t.Helper()
	ids := make([]string, len(files))
	for i, f := range files {
		ids[i] = l.upload(t, f).DocumentID
	}
	out := make([]document, len(files))
	for i, id := range ids {
		out[i] = l.ready(t, id)
	}
	return out
}

// ingest sends a text, which is ready at once.
func (l *library) ingest(t *testing.T, title, text string) string {
	t.Helper()
	in := map[string]string{"title": title, "text": text}
	out := expect[uploaded](t, l.client, http.StatusOK, "POST", l.path("/ingest/text"), in)
	if out.Status != "READY" {
		t.Fatalf("ingest of %q = %+v, want it READY", title, out)
	}
	return out.DocumentID
}

func (l *library) get(t *testing.T, id string) document {
	t.Helper()
	return expect[document](t, l.client, http.StatusOK, "GET", l.documentPath(id, ""), nil)
}

// settled waits until processing is over.
func (l *library) settled(t *testing.T, id string) (d document) {
	t.Helper()
	eventually(t, "document "+id+" is settled", func() bool {
		d = l.get(t, id)
		return d.settled()
	})
	return d
}

// ready waits until a document is ready.
func (l *library) ready(t *testing.T, id string) document {
	t.Helper()
	d := l.settled(t, id)
	if d.Status != "READY" || d.ChunkCount == 0 || d.ErrorCode != "" || d.Progress.Stage != "done" {
		t.Fatalf("document %s (%s) = %+v, want it READY", id, d.FileName, d)
	}
	return d
}

func (l *library) list(t *testing.T, query url.Values) documentPage {
	t.Helper()
	return expect[documentPage](t, l.client, http.StatusOK, "GET", l.path("/documents?"+query.Encode()), nil)
}

// all lists all documents that the query chooses, page by page.
func (l *library) all(t *testing.T, query url.Values) []document {
	t.Helper()
	q := url.Values{"limit": {"37"}}
	for k, v := range query {
		q[k] = v
	}
	var out []document
	for {
		page := l.list(t, q)
		out = append(out, page.Documents...)
		if page.NextCursor == nil {
			return out
		}
		q.Set("cursor", *page.NextCursor)
	}
}

func (l *library) query(t *testing.T, question string, k int) []match {
	t.Helper()
	out := expect[struct{ Matches []match }](t, l.client, http.StatusOK, "POST", l.path("/query"),
		map[string]any{"query": question, "top_k": k})
	return out.Matches
}

func (l *library) ask(t *testing.T, question string) answer {
	t.Helper()
	return expect[answer](t, l.client, http.StatusOK, "POST", l.path("/ask"), map[string]any{"query": question})
}

// text reads the bytes from start to end of the stored text; 0 as the end is the end of the text.
func (l *library) text(t *testing.T, id string, start, end int) stretch {
	t.Helper()
	path := fmt.Sprintf("/text?start=%d&end=%d", start, end)
	return expect[stretch](t, l.client, http.StatusOK, "GET", l.documentPath(id, path), nil)
}

func (l *library) delete(t *testing.T, id string) {
	t.Helper()
	expect[json.RawMessage](t, l.client, http.StatusOK, "DELETE", l.documentPath(id, ""), nil)
}

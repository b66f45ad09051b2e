package httpapi_test

import (
	"bufio"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/identity"
)

func TestDocumentIsDescribedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	got := decode[httpapi.DocumentDetailRes](t, w.want(200, "PATCH", w.documentPath(w.mine, ""), owner, map[string]any{
		"title": " New ", "metadata": map[string]any{"tags": []string{"a", "a", " b "}, "allowed_roles": []string{"Admin"}},
	}))
	if got.Title != "New" || len(got.Tags) != 2 || len(got.AllowedRoles) != 1 || got.Source == nil || got.Status != "READY" {
		t.Errorf("PATCH = %+v", got)
	}
	for _, rest := range []string{"", "/text", "/download", "/events"} { // from now on it is for administrators and who brought it
		w.want(403, "GET", w.documentPath(w.mine, rest), w.as(w.member), nil)
		w.want(200, "GET", w.documentPath(w.mine, rest), owner, nil)
	}
	for _, verb := range []string{"/query", "/ask", "/ask/stream"} {
		if r := w.want(200, "POST", w.path(w.mine, verb), w.as(w.member), `{"query":"code of the vault"}`); strings.Contains(r.body, mineWord) {
			t.Errorf("%s shows what the roles of the document hide: %s", verb, r.body)
		}
	}
	for _, body := range []string{`{}`, `{"title":" "}`, `{"title":"a\u0000"}`, `{"metadata":{"allowed_roles":["root"]}}`, `{"metadata":[]}`, `{"source":"` + strings.Repeat("x", 501) + `"}`} {
		w.want(422, "PATCH", w.documentPath(w.mine, ""), owner, body)
	}
}

func TestDownloadIsTheOriginalAsAFileToSave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	const content = "<p>¡hola!</p><script>alert(1)</script>\n"
	up := w.want(202, "POST", w.path(w.mine, "/documents/upload"), owner, form{name: "../Días; \"1\"%.html", content: content})
	w.must(w.app.Drain(t.Context()))
	p := place{workspace: w.mine.workspace, document: decode[httpapi.UploadRes](t, up).DocumentID}
	r := w.want(200, "GET", w.documentPath(p, "/download"), w.as(w.member), nil)
	stored, err := w.app.Documents.Get(t.Context(), identity.System, p.workspace, p.document)
	if ids := p.workspace.String() + "/" + p.document.String(); err != nil || !strings.HasSuffix(stored.Original.Key, "/"+ids) {
		t.Errorf("the file is kept as %q (%v), want a key of ids alone", stored.Original.Key, err)
	}
	if r.body != content || r.header.Get("Content-Length") != "40" {
		t.Errorf("download = %q of length %s, want the bytes of the upload", r.body, r.header.Get("Content-Length"))
	}
	kind, params, err := mime.ParseMediaType(r.header.Get("Content-Disposition"))
	if err != nil || kind != "attachment" || params["filename"] != `Días; "1"%.html` {
		t.Errorf("Content-Disposition: %s means %s of %q (%v)", r.header.Get("Content-Disposition"), kind, params["filename"], err)
	}
	if got := r.header.Get("Content-Type"); !strings.HasPrefix(got, "text/html") || !strings.Contains(r.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("Content-Type %q with the policy %q", got, r.header.Get("Content-Security-Policy"))
	}
	named := w.want(200, "GET", w.documentPath(w.mine, "/download"), owner, nil)
	if _, params, _ := mime.ParseMediaType(named.header.Get("Content-Disposition")); params["filename"] != "The amaranth vault.txt" {
		t.Errorf("a text without a file is saved as %q", params["filename"])
	}
}

// eventReader reads server-sent events.
type eventReader struct {
	*testing.T
	lines *bufio.Scanner
}

// next returns the name and the data of the next event; "" at the end.
func (r eventReader) next() (name, data string) {
	r.Helper()
	for r.lines.Scan() {
		switch line := r.lines.Text(); {
		case strings.HasPrefix(line, "event: "):
			name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			data = strings.TrimPrefix(line, "data: ")
		case line == "" && name != "":
			return name, data
		}
	}
	return "", ""
}

// watch opens the event stream of a document on a real connection.
func (w *world) watch(p place, who credential) eventReader {
	w.Helper()
	server := httptest.NewServer(w.api.Handler())
	w.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, server.URL+w.documentPath(p, "/events"), nil)
	w.must(err)
	req.Header.Set(who.header, who.value)
	res, err := server.Client().Do(req)
	w.must(err)
	w.Cleanup(func() { _ = res.Body.Close() }) // before the server, which waits for it
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		w.Fatalf("events = %s as %s", res.Status, res.Header.Get("Content-Type"))
	}
	return eventReader{w.T, bufio.NewScanner(res.Body)}
}

func TestDocumentIsWatchedUntilItIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.Heartbeat = 10 * time.Millisecond })
	up := w.want(202, "POST", w.path(w.mine, "/documents/upload"), w.as(w.owner), form{name: "a.txt", content: "One. Two."})
	p := place{workspace: w.mine.workspace, document: decode[httpapi.UploadRes](t, up).DocumentID}
	stream := w.watch(p, w.as(w.member))
	if name, data := stream.next(); name != "progress" || !strings.Contains(data, `"status":"PENDING"`) {
		t.Errorf("the first event is %s %s, want progress", name, data)
	}
	w.must(w.app.Drain(t.Context()))
	name, data := stream.next()
	for name == "progress" {
		name, data = stream.next()
	}
	if name != "done" || !strings.Contains(data, `"status":"READY"`) {
		t.Errorf("the last event is %s %s, want done", name, data)
	}
	if name, _ := stream.next(); name != "" {
		t.Errorf("after done comes %s, want the end", name)
	}
}

func TestWatchingEndsWhenTheDocumentCantBeSeenAnyMore(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func(*world, place) error{
		"deleted": func(w *world, p place) error {
			return w.app.Documents.Delete(w.Context(), identity.System, p.workspace, p.document)
		},
		"made private": func(w *world, p place) error {
			_, err := w.app.Workspaces.Unpublish(w.Context(), identity.System, p.workspace)
			return err
		},
		"cancelled": func(w *world, p place) error {
			_, err := w.app.Documents.Cancel(w.Context(), identity.System, p.workspace, p.document)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d, _, err := w.app.Documents.Upload(t.Context(), identity.System, w.mine.workspace, document.Incoming{Name: "a.txt", Body: strings.NewReader("One.")}, document.Details{})
			w.must(err)
			p := place{workspace: w.mine.workspace, document: d.ID}
			stream := w.watch(p, w.as(w.member))
			_, _ = stream.next()
			w.must(end(w, p))
			name, data := stream.next()
			if want := map[bool]string{true: "done", false: "error"}[what == "cancelled"]; name != want {
				t.Errorf("the event is %s %s, want %s", name, data, want)
			}
			if name, _ := stream.next(); name != "" {
				t.Errorf("after it comes %s, want the end", name)
			}
		})
	}
}

func TestADeletedDocumentCanBeTakenBackForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	finds := func() bool {
		t.Helper()
		r := w.want(200, "POST", w.path(w.mine, "/query"), owner, `{"query":"code of the vault"}`)
		return strings.Contains(r.body, w.mine.document.String())
	}
	remove := func() { w.want(200, "DELETE", w.documentPath(w.mine, ""), owner, nil) }
	later := func(d time.Duration) {
		w.pass(d)
		w.must(w.app.Drain(t.Context()))
		owner = w.as(w.owner)
	}
	remove()
	later(20 * time.Hour)
	if finds() {
		t.Error("a deleted document is found")
	}
	w.want(403, "GET", w.path(w.mine, "/documents?deleted=true"), w.as(w.member), nil)
	list := decode[httpapi.DocumentsRes](t, w.want(200, "GET", w.path(w.mine, "/documents?deleted=true"), owner, nil))
	if len(list.Documents) != 1 || list.Documents[0].ID != w.mine.document {
		t.Errorf("the deleted documents are %+v, want the one", list.Documents)
	}
	w.want(403, "POST", w.documentPath(w.mine, "/restore"), w.as(w.member), nil)
	w.want(200, "POST", w.documentPath(w.mine, "/restore"), owner, nil)
	w.want(404, "POST", w.documentPath(w.mine, "/restore"), owner, nil)
	if !finds() {
		t.Error("a restored document is not found")
	}
	later(5 * time.Hour) // the first deletion is a day ago: that is nothing to a document that lives
	if !finds() {
		t.Error("a restored document was removed")
	}
	remove()
	later(time.Hour) // nor to one that was deleted again a short while ago
	w.want(200, "POST", w.documentPath(w.mine, "/restore"), owner, nil)
	remove()
	later(25 * time.Hour)
	w.want(404, "POST", w.documentPath(w.mine, "/restore"), owner, nil)
}

func TestARestoredDocumentGoesOnBeingProcessed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	up := decode[httpapi.UploadRes](t, w.want(202, "POST", w.path(w.mine, "/documents/upload"), owner, form{name: "a.txt", content: "The kettle is blue."}))
	path := w.path(w.mine, "/documents/"+up.DocumentID.String())
	w.want(200, "DELETE", path, owner, nil)
	w.must(w.app.Drain(t.Context()))
	w.want(200, "POST", path+"/restore", owner, nil)
	w.must(w.app.Drain(t.Context()))
	if d := decode[httpapi.DocumentDetailRes](t, w.want(200, "GET", path, owner, nil)); d.Status != "READY" {
		t.Errorf("the restored document is %s, want READY", d.Status)
	}
}

func TestARequestSentAgainUnderItsKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	send := func(status int, path, key string, body any) reply {
		t.Helper()
		r := w.request("POST", w.path(w.mine, path), owner, body)
		r.Header.Set("Idempotency-Key", key)
		got := w.send(r)
		if got.status != status {
			t.Errorf("%s under %s = %d, want %d: %s", path, key, got.status, status, got.body)
		}
		return got
	}
	for path, bodies := range map[string][2]any{
		"/ingest/text":  {`{"title":"t","text":"The first text."}`, `{"title":"t","text":"Another text."}`},
		"/ingest/batch": {`{"documents":[{"title":"t","text":"A text in a batch."}]}`, `{"documents":[{"title":"u","text":"A text in a batch."}]}`},
		"/documents/upload": {
			form{name: "a.txt", content: "One file.", fields: map[string]string{"title": "t"}},
			form{name: "a.txt", content: "One file.", fields: map[string]string{"title": "u"}},
		},
	} {
		status := 200
		if path == "/documents/upload" {
			status = 202
		}
		first := send(status, path, "k-1", bodies[0])
		again := send(status, path, "k-1", bodies[0])
		if again.body != first.body || again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s again = %s as a replay %q, want %s", path, again.body, again.header.Get("Idempotency-Replayed"), first.body)
		}
		send(422, path, "k-1", bodies[1])
		send(422, path, "k 1", bodies[0])
		if other := send(status, path, "k-2", bodies[0]); other.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s under another key is answered as a replay", path)
		}
	}
	member := w.request("POST", w.path(w.mine, "/ingest/text"), w.as(w.member), `{"title":"t","text":"The first text."}`)
	member.Header.Set("Idempotency-Key", "k-1")
	if got := w.send(member); got.status != 403 {
		t.Errorf("somebody else under the same key = %d, want 403", got.status)
	}
}

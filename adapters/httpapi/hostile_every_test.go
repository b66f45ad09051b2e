package httpapi_test

import (
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/core/identity"
)

// every calls do with each operation of the document and with somebody who may use it; those that delete something come last, and
// those that end sessions not at all.
func (w *world) every(do func(op *huma.Operation, path string, who credential)) {
	w.Helper()
	admin, owner := w.as(w.admin), w.as(w.owner)
	_, key := w.key(identity.KeyDraft{Permissions: []identity.Permission{identity.Everything}})
	var all []*huma.Operation
	for path, item := range w.api.OpenAPI().Paths {
		for _, op := range operations(item) {
			if op != nil && !strings.HasPrefix(path, "/api/") && op.OperationID != "logout_everywhere_auth_logout_everywhere_post" {
				all = append(all, op)
			}
		}
	}
	slices.SortFunc(all, func(a, b *huma.Operation) int {
		return strings.Compare(fmt.Sprint(a.Method == http.MethodDelete, a.Path, a.Method), fmt.Sprint(b.Method == http.MethodDelete, b.Path, b.Method))
	})
	for _, op := range all {
		who := key
		switch {
		case strings.HasPrefix(op.Path, "/auth/"):
			who = admin
		case strings.Contains(op.Path, "{conversation_id}"):
			who = owner
		}
		do(op, w.fill(op.Path), who)
	}
}

func TestHostileHeadersAreSurvivedByEveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	values := []string{
		marker, "*", `"` + marker + `"`, strings.Repeat(marker, 500), "-1", "99999999999999999999", "bytes=0-0,-1,5-2," + strings.Repeat("1-1,", 1_000), "bytes=-99999999999999999999",
		"\x00\xff", w.mine.message.String() + ":1", w.mine.message.String() + ":99999999999999999999", "../" + marker, "é", "*/*;q=" + marker, "gzip;q=-1", "%00%0d%0aSet-Cookie:" + marker,
	}
	w.every(func(op *huma.Operation, path string, who credential) {
		for _, value := range values {
			var body any
			if op.RequestBody != nil {
				body = "{}"
			}
			r := w.request(op.Method, path, who, body)
			for _, header := range []string{
				"Idempotency-Key", "Last-Event-Id", "If-Match", "If-None-Match", "If-Modified-Since", "If-Range", "Range", "Accept", "Accept-Encoding", "Accept-Language",
				"Traceparent", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override", "Referer", "User-Agent", "Prefer",
			} {
				r.Header.Set(header, value)
			}
			w.hostile(fmt.Sprintf("headers of %.30q", value), r, true)
		}
	})
}

func TestHostileQueriesAndIDsAreSurvivedByEveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	queries := []string{
		strings.Repeat("limit=1&", 5_000), strings.Repeat(marker+"=1&", 2_000), strings.Repeat("%", 1_000), "limit[]=1&limit[" + marker + "]=2", "%00=%00", "a;b=c", "cursor=" + strings.Repeat("A", 50_000),
		"cursor=" + url.QueryEscape(`{"s":1}`), "cursor=%FF%FE&offset=-1&limit=0x10", "limit=1e3&offset=9223372036854775808", "=" + marker + "&&&=", "start_at=%2B292277026596-12-04T15:30:07.999Z",
	}
	ids := []string{marker, "%00", "..%2f..", "%2e%2e", "00000000-0000-0000-0000-000000000000", "{0192f0c1-5f7e-7cc5-9d35-5d2b1a8f9b10}", "urn:uuid:0192f0c1-5f7e-7cc5-9d35-5d2b1a8f9b10", "%F0%9F%92%A9", "'%20OR%201=1--", strings.Repeat("9", 5_000)}
	w.every(func(op *huma.Operation, path string, who credential) {
		var body any
		if op.RequestBody != nil {
			body = "{}"
		}
		for _, q := range queries {
			r := w.request(op.Method, path, who, body)
			r.URL.RawQuery = q
			w.hostile(fmt.Sprintf("the query %.30q", q), r, true)
		}
		parts := strings.Split(op.Path, "/")
		for i, part := range parts {
			if !strings.HasPrefix(part, "{") {
				continue
			}
			for _, id := range ids {
				hostile := slices.Clone(parts)
				hostile[i] = id
				w.hostile("the id "+id[:min(40, len(id))], w.request(op.Method, w.fill(strings.Join(hostile, "/")), who, body), uuid.Validate(id) == nil)
			}
		}
	})
}

func TestOtherMethodsAreRefusedOnEveryPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.as(w.admin)
	for path, item := range w.api.OpenAPI().Paths {
		for _, method := range []string{"PUT", "POST", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", marker} {
			if operations(item)[method] != nil || w.operation(method, w.fill(path)) != nil { // to which "upload" may be an id
				continue
			}
			rec := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), "GET", w.fill(path), nil)
			r.Method = method
			r.Header.Set(who.header, who.value)
			w.api.Handler().ServeHTTP(rec, r)
			if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(rec.Body.String(), marker) {
				t.Errorf("%s %s = %d as %s: %.200s", method, path, rec.Code, rec.Header().Get("Content-Type"), rec.Body)
			}
		}
	}
}

func TestTricksWithFormsAreSurvived(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	const end, disposition = "\r\n--x--\r\n", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n"
	field := "--x\r\nContent-Disposition: form-data; name=\"" + marker + "\"\r\n\r\nx\r\n"
	for what, body := range map[string]string{
		"thousands of fields":           strings.Repeat(field, 5_000) + "--x--\r\n",
		"thousands of titles":           strings.Repeat(strings.Replace(field, marker, "title", 1), 5_000) + "--x--\r\n",
		"a flood of headers":            disposition + strings.Repeat("X-Flood: "+marker+"\r\n", 20_000) + "\r\nx" + end,
		"a header without an end":       disposition + "X-Flood: " + strings.Repeat(marker, 90_000),
		"a header without a colon":      disposition + marker + "\r\n\r\nx" + end,
		"another boundary":              strings.ReplaceAll(disposition+"\r\nx"+end, "--x", "--"+marker),
		"a form in a form":              "--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\nContent-Disposition: file; filename=\"" + marker + "\"\r\n\r\nx\r\n--y--" + end,
		"a boundary without lines":      "--x--x--x--x--x" + marker,
		"a file that is a transfer":     disposition + "Content-Transfer-Encoding: base64\r\n\r\n" + marker + "!" + end,
		"a disposition that is no form": "--x\r\nContent-Disposition: attachment; name=\"file\"; filename=\"a.txt\"\r\n\r\nx" + end,
		"an end after a boundary":       disposition + "\r\nx\r\n--x\r\n",
	} {
		for _, verb := range []string{"/documents/upload", "/documents/batch"} {
			r := w.request("POST", w.path(w.mine, verb), owner, body)
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
			w.hostile(what+verb, r, true)
		}
	}
	for _, kind := range []string{
		"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + strings.Repeat("x", 5_000), "multipart/form-data; boundary=\"x\r\n\"", "multipart/mixed; boundary=x",
		"multipart/form-data; boundary=x; boundary=y", "multipart/form-data; boundary*=utf-8''" + marker, marker,
	} {
		r := w.request("POST", w.path(w.mine, "/documents/upload"), owner, disposition+"\r\nx"+end)
		r.Header.Set("Content-Type", kind)
		w.hostile("the content type "+kind[:min(40, len(kind))], r, kind == "multipart/mixed; boundary=x")
	}
}

func TestNamesOfFilesAreNoPathsAndNoHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	for i, name := range []string{
		"../../etc/passwd", `..\..\boot.ini`, "/etc/shadow", `C:\x.txt`, "a\x00b.txt", "a\tb.txt", `a\"b.txt`, ".", "..", "", " ", "con", strings.Repeat("é", 4_000), "a\u202Etxt.exe", "\xff\xfe.txt",
		"a%0d%0aSet-Cookie: x.txt", "<script>.txt", "a;b=c.txt", "~", "-rf",
	} {
		body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\nfile number " + fmt.Sprint(i) + "\r\n--x--\r\n"
		r := w.request("POST", w.path(w.mine, "/documents/upload"), owner, body)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		up := w.send(r)
		if up.status != http.StatusAccepted {
			if up.status >= 500 || up.status < 400 {
				t.Errorf("%.40q = %d: %.200s", name, up.status, up.body)
			}
			continue
		}
		in := w.mine
		in.document = decode[httpapi.UploadRes](t, up).DocumentID
		got := w.want(http.StatusOK, "GET", w.documentPath(in, "/download"), owner, nil)
		_, params, err := mime.ParseMediaType(got.header.Get("Content-Disposition"))
		if saved := params["filename"]; err != nil || saved == "" || strings.ContainsAny(saved, "/\\\x00\r\n") || saved == "." || saved == ".." {
			t.Errorf("%.40q is saved as %q: %v", name, saved, err)
		}
	}
}

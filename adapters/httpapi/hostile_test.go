package httpapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

// marker stands in everything hostile that is sent, and must come back in nothing.
const marker = "zzMARKERzz"

// hostile wants a request to be refused as a problem that doesn't repeat it, or, where ok is set, to do no harm.
func (w *world) hostile(what string, r *http.Request, ok bool) {
	w.Helper()
	got := w.send(r)
	where := fmt.Sprintf("%s to %s %.80s", what, r.Method, r.URL.Path)
	if got.status >= 500 || got.status < 400 && !ok {
		w.Errorf("%s = %d: %.300s", where, got.status, got.body)
	}
	if got.status >= 400 && strings.Contains(withoutPath(w.T, got), marker) {
		w.Errorf("%s is repeated: %.500s", where, got.body)
	}
	for _, leak := range []string{"SQL ", "sqlite", "goroutine", ".go:", "json: ", "strconv", "unmarshal"} {
		if strings.Contains(got.body, leak) && got.status >= 400 {
			w.Errorf("%s tells of our inside (%s): %.500s", where, leak, got.body)
		}
	}
}

// withoutPath is a problem but for the path of the request, which it says on purpose.
func withoutPath(t *testing.T, r reply) string {
	t.Helper()
	p := decode[httpapi.Problem](t, r)
	p.Instance = ""
	return fmt.Sprint(p)
}

// bodies are bodies that no operation can want.
func bodies() map[string]string {
	return map[string]string{
		"nothing": "", "a NUL": "\x00", "a number": "7", "null": "null", "a list": `["` + marker + `"]`, "a string": `"` + marker + `"`,
		"half an object":      `{"` + marker + `":`,
		"two values":          `{} {}`,
		"no UTF-8":            "{\"" + marker + "\":\"\xff\xfe\"}",
		"deep lists":          strings.Repeat("[", 100_000),
		"deep objects":        strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000),
		"deep metadata":       `{"metadata":` + strings.Repeat(`{"a":`, 5_000) + "1" + strings.Repeat("}", 5_000) + "}",
		"a huge number":       `{"limit":1` + strings.Repeat("0", 5_000) + `,"` + marker + `":1e999999}`,
		"a long string":       `{"` + marker + `":"` + strings.Repeat("x", 500_000) + `"}`,
		"too much":            `{"` + marker + `":"` + strings.Repeat("x", 2<<20) + `"}`,
		"many members":        `{` + strings.Repeat(`"a":1,`, 50_000) + `"` + marker + `":2}`,
		"XML":                 `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;` + marker + `</x>`,
		"members like theirs": `{"__proto__":{"admin":true},"constructor":"` + marker + `"}`,
	}
}

func TestHostileBodiesAreRefusedByEveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	for path, item := range w.api.OpenAPI().Paths {
		for method, op := range operations(item) {
			if op == nil || op.RequestBody == nil || strings.HasPrefix(path, "/api/") {
				continue
			}
			for what, body := range bodies() {
				ok := len(w.resolve(jsonSchema(op)).Required) == 0 // members that nobody knows are passed over
				w.hostile(what, w.request(method, w.fill(path), admin, body), ok)
				w.hostile(what+" from nobody", w.request(method, w.fill(path), credential{}, body), false)
			}
			for _, kind := range []string{"text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "a/b/c;;", strings.Repeat("x", 10_000)} {
				r := w.request(method, w.fill(path), admin, `{"`+marker+`":1}`)
				r.Header.Set("Content-Type", kind)
				w.hostile("the content type "+kind[:min(40, len(kind))], r, false)
			}
		}
	}
}

// fill puts real ids into a path.
func (w *world) fill(path string) string {
	return strings.NewReplacer(
		"{workspace_id}", w.mine.workspace.String(), "{document_id}", w.mine.document.String(), "{user_id}", w.spare.ID.String(),
		"{key_id}", uuid.NewString(), "{conversation_id}", w.mine.conversation.String(), "{message_id}", w.mine.message.String(),
	).Replace(path)
}

func TestFieldsOfWrongTypesAreRefusedByEveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	values := []string{
		`"` + marker + `"`, `null`, `-1`, `1e400`, `123456789012345678901234567890`, `1.5`, `true`, `[]`, `{}`, `["` + marker + `",1]`,
		`{"a":{"b":"` + marker + `"}}`, `"\u0000` + marker + `"`, `"\ud800"`, `"` + strings.Repeat("é", 3_000) + marker + `"`, `"'; DROP TABLE users; --` + marker + `"`,
	}
	for path, item := range w.api.OpenAPI().Paths {
		for method, op := range operations(item) {
			if op == nil || op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil || strings.HasPrefix(path, "/api/") {
				continue
			}
			schema := op.RequestBody.Content["application/json"].Schema
			for name := range w.resolve(schema).Properties {
				for _, value := range values {
					// one field is hostile and the others are missing, or the same field comes twice
					w.hostile(name, w.request(method, w.fill(path), admin, `{"`+name+`":`+value+`}`), true)
					w.hostile(name+" twice", w.request(method, w.fill(path), admin, `{"`+name+`":`+value+`,"`+name+`":`+value+`}`), true)
				}
			}
		}
	}
}

// jsonSchema is the schema of an operation's body, an empty one when it takes no JSON.
func jsonSchema(op *huma.Operation) *huma.Schema {
	if media := op.RequestBody.Content["application/json"]; media != nil {
		return media.Schema
	}
	return &huma.Schema{Required: []string{"file"}}
}

func (w *world) resolve(s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return w.api.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func TestHostileParametersAreRefusedByEveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as(w.admin)
	values := []string{
		marker, "-1", "99999999999999999999", "1e9", "\x00" + marker, "\xff\xfe", "' OR 1=1 --" + marker, "../" + marker, "%", "_", strings.Repeat("x", 5_000) + marker,
		"2026-13-45T99:99:99Z", "0000-00-00", "-292277022399-01-01T00:00:00Z", "[]", "{}", "",
	}
	for path, item := range w.api.OpenAPI().Paths {
		if item.Get == nil || strings.HasPrefix(path, "/api/") {
			continue
		}
		for _, p := range item.Get.Parameters {
			for _, value := range values {
				switch p.In {
				case "query":
					query := "?" + p.Name + "=" + url.QueryEscape(value)
					w.hostile(p.Name, w.request("GET", w.fill(path)+query, admin, nil), true)
					w.hostile(p.Name+" twice", w.request("GET", w.fill(path)+query+"&"+query[1:], admin, nil), true)
				case "path":
					hostile := w.fill(strings.Replace(path, "{"+p.Name+"}", url.PathEscape("x"+value), 1))
					w.hostile(p.Name, w.request("GET", hostile, admin, nil), false)
				}
			}
		}
	}
}

func TestTricksWithPathsLeadNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{
		"/v1/workspaces/../../auth/users", "/v1/%2e%2e/auth/users", "/v1/workspaces/%2e%2e%2fadmin", "//auth//users", "/v1/workspaces/" + marker,
		"/v1/workspaces/%00", "/V1/WORKSPACES", "/v1/workspaces/", "/v1/workspaces;x=1", "/auth/users/%2f", "/" + strings.Repeat("a/", 2_000), "/" + strings.Repeat("x", 60_000),
		"/openapi.json/../metrics", `/v1\workspaces`, "/.git/config", "/v1/workspaces/%ff%fe",
	} {
		for _, method := range []string{"GET", "POST", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW"} {
			r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
			target, err := url.ParseRequestURI(path)
			if err != nil {
				continue // net/http turns it away
			}
			r.URL, r.RequestURI = target, path
			rec := httptest.NewRecorder()
			w.api.Handler().ServeHTTP(rec, r)
			if rec.Code < 300 || rec.Code >= 500 {
				t.Errorf("%s %.80s = %d: %.200s", method, path, rec.Code, rec.Body)
			}
		}
	}
}

func TestHostileHeadersAreSurvived(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.TrustedProxies = []string{"192.0.2.0/24"} })
	admin := w.as(w.admin)
	for _, header := range []string{
		"Authorization", "X-Api-Key", "Cookie", "X-Request-Id", "X-Forwarded-For", "X-Forwarded-Proto", "Accept", "Accept-Encoding", "Origin", "Content-Type",
		"Content-Length", "Range", "If-None-Match", "Last-Event-Id", "Idempotency-Key", "Transfer-Encoding", "Access-Control-Request-Method",
	} {
		for _, value := range []string{"", marker, "Bearer", "Bearer " + marker, "Bearer a.b.c", "Basic " + marker, "access_token=" + marker, strings.Repeat(marker, 3_000), "\x00\x7f", "é" + marker, strings.Repeat("1.2.3.4,", 5_000)} {
			r := w.request("GET", w.path(w.mine, ""), admin, nil)
			r.Header.Set(header, value)
			w.hostile(header, r, true)
		}
	}
	r := w.request("GET", w.path(w.mine, ""), admin, nil)
	for i := range 2_000 {
		r.Header.Add("X-Flood", fmt.Sprint(marker, i))
		r.Header.Add("Cookie", fmt.Sprint("access_token", i, "=", marker))
	}
	w.hostile("a flood of headers", r, true)
}

func TestHostileFiltersAndQuestionsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	for _, filter := range []string{
		`{"tags":["\u0000%s"]}`, `{"mime_types":["\u0000%s"]}`, `{"sources":["\u0000%s"]}`, `{"metadata":{"\u0000%s":"x"}}`, `{"metadata":{"x":"\u0000%s"}}`,
		`{"languages":["\u0000%s"]}`, `{"document_ids":["%s"]}`, `{"tags":["' OR 1=1 --%s"]}`, `{"metadata":{"$.a[%s":"x"}}`, `{"metadata":{"\"%s'":"x"}}`, `{"%s":1}`,
	} {
		for _, verb := range []string{"/query", "/ask", "/ask/stream"} {
			w.hostile(filter+verb, w.request("POST", w.path(w.mine, verb), owner, `{"query":"vault","filter":`+fmt.Sprintf(filter, marker)+`}`), true)
		}
	}
	for _, query := range []string{`\u0000`, `a\u0000b`, `\u0001\u0002`, `\ud83d`, `\ufffe`, `\u202e`, `\" OR NEAR(* ^`, `%s %d`, strings.Repeat("a ", 1_000), strings.Repeat("ñ", 2_000)} {
		for _, verb := range []string{"/query", "/ask", "/ask/stream"} {
			w.hostile(query+verb, w.request("POST", w.path(w.mine, verb), owner, `{"query":"`+query+`"}`), true)
		}
	}
	cursor := base64.RawURLEncoding.EncodeToString([]byte(`{"s":"title_asc","n":"\u0000","i":"` + uuid.NewString() + `"}`))
	w.hostile("a forged cursor", w.request("GET", w.path(w.mine, "/documents?sort=title_asc&cursor="+cursor), owner, nil), false)
	w.want(422, "PATCH", w.documentPath(w.mine, ""), owner, `{"metadata":`+strings.Repeat(`{"a":`, 60)+`1`+strings.Repeat(`}`, 60)+`}`)
	w.want(200, "PATCH", w.documentPath(w.mine, ""), owner, `{"metadata":`+strings.Repeat(`{"a":`, 40)+`1`+strings.Repeat(`}`, 40)+`}`)
	w.want(200, "GET", w.path(w.mine, "/documents?q=a"), owner, nil)
}

func TestBrokenFormsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.as(w.owner)
	const file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n" + marker + "\r\n"
	for what, body := range map[string]string{
		"no end":           file,
		"no file":          "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n" + marker + "\r\n--x--\r\n",
		"no parts":         "--x--\r\n",
		"no headers":       "--x\r\n\r\n" + marker + "\r\n--x--\r\n",
		"two files":        file + file + "--x--\r\n",
		"an empty file":    "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n\r\n--x--\r\n",
		"bad metadata":     file + "--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"" + marker + "\r\n--x--\r\n",
		"a list as meta":   file + "--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n[\"" + marker + "\"]\r\n--x--\r\n",
		"an unknown role":  file + "--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"allowed_roles\":[\"" + marker + "\"]}\r\n--x--\r\n",
		"a NUL in a title": file + "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n\x00" + marker + "\r\n--x--\r\n",
		"a huge header":    "--x\r\nContent-Disposition: form-data; name=\"" + strings.Repeat("x", 200_000) + marker + "\"\r\n\r\n--x--\r\n",
		"an executable":    "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\nMZ\x90\x00\x03\x00\x00\x00\x04\x00\r\n--x--\r\n",
		"too much":         "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n" + strings.Repeat("x", 3<<20) + "\r\n--x--\r\n",
	} {
		for _, chunked := range []bool{false, true} {
			r := w.request("POST", w.path(w.mine, "/documents/upload"), owner, body)
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
			if chunked { // no length is known before the end
				r.ContentLength = -1
			}
			w.hostile(what, r, false)
		}
	}
	if got := decode[httpapi.DocumentsRes](t, w.want(200, "GET", w.path(w.mine, "/documents"), owner, nil)); len(got.Documents) != 1 {
		t.Errorf("refused uploads left %d documents, want the one that was there", len(got.Documents))
	}
}

func TestFilesHaveALimitOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.MaxBody, o.MaxUpload = 1<<10, 1<<20 })
	owner := w.as(w.owner)
	w.want(202, "POST", w.path(w.mine, "/documents/upload"), owner, form{name: "a.txt", content: strings.Repeat("many words ", 50_000)})
	w.want(413, "POST", w.path(w.mine, "/documents/upload"), owner, form{name: "b.txt", content: strings.Repeat("too many words ", 200_000)})
	w.want(413, "POST", w.path(w.mine, "/ingest/text"), owner, `{"title":"x","text":"`+strings.Repeat("x", 2<<10)+`"}`)
}

func TestBodyOverTheLimitIsRefusedHoweverItComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, length := range []int64{2 << 20, -1} {
		r := w.request("POST", w.path(w.mine, "/query"), w.as(w.owner), `{"query":"`+strings.Repeat("x", 2<<20)+`"}`)
		r.ContentLength = length
		if got := w.send(r); got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("a body of length %d = %d, want 413: %.200s", length, got.status, got.body)
		}
	}
}

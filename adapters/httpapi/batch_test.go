package httpapi_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

// parts is a form of fields and files in an order. A name "file:x" is a file called x.
type parts [][2]string

func (p parts) encode(w *world) (io.Reader, string) {
	w.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, part := range p {
		if name, ok := strings.CutPrefix(part[0], "file:"); ok {
			f, err := m.CreateFormFile("file", name)
			w.must(err)
			_, err = io.WriteString(f, part[1])
			w.must(err)
			continue
		}
		w.must(m.WriteField(part[0], part[1]))
	}
	w.must(m.Close())
	return &b, m.FormDataContentType()
}

// brief says what became of the files of a batch, in few words.
func brief(r httpapi.BatchRes) string {
	var out []string
	for _, f := range r.Files {
		switch {
		case f.Error != nil:
			out = append(out, f.Error.Code)
		case f.Duplicate:
			out = append(out, "duplicate")
		case f.Replaced:
			out = append(out, "replaced")
		default:
			out = append(out, "new")
		}
	}
	if !r.Complete {
		out = append(out, "…")
	}
	return strings.Join(out, " ")
}

func TestFilesOfABatchHaveEachTheirOwnOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.MaxUpload, o.MaxBatch = 2<<20, 3<<20+1<<19 })
	path, owner := w.path(w.mine, "/documents/batch"), w.as(w.owner)
	many := parts{}
	for i := range 120 {
		many = append(many, [2]string{"file:x.txt", fmt.Sprint("number ", i)})
	}
	large := strings.Repeat("x", 1<<20)
	for _, step := range []struct {
		form parts
		want string
	}{
		{parts{
			{"external_id", "a"},
			{"metadata", `{"tags":["t"]}`},
			{"file:a.md", "# A"},
			{"file:b.exe", "MZ\x90\x00\x03\x00\x00\x00\x04\x00\xff\xff"},
			{"metadata", "["},
			{"file:c.txt", "C"},
			{"file:d.txt", ""},
			{"file:e.txt", "E"},
			{"title", "of nothing"},
		}, "new UNSUPPORTED_MEDIA VALIDATION_ERROR VALIDATION_ERROR new"},
		{parts{{"external_id", "a"}, {"file:a.md", "# B"}, {"file:e.txt", "E"}, {"file:f.txt", "F"}}, "replaced duplicate new"},
		{parts{{"file:i.txt", large}, {"file:j.txt", large + "j"}, {"file:k.txt", large + "k"}, {"file:l.txt", large + "l"}}, "new new new PAYLOAD_TOO_LARGE …"},
		{many, strings.Repeat("new ", 100) + "…"},
	} {
		raw, kind := step.form.encode(w)
		r := w.request("POST", path, owner, nil)
		r.Header.Set("Content-Type", kind)
		r.Body = io.NopCloser(raw)
		res := w.send(r)
		got := decode[httpapi.BatchRes](t, res)
		if brief(got) != step.want || res.status != 202 || got.Accepted+got.Failed != len(got.Files) {
			t.Errorf("the batch is %d: %s, %d accepted, %d failed; want %s", res.status, brief(got), got.Accepted, got.Failed, step.want)
		}
	}
	w.want(415, "POST", path, owner, `{}`)
	list := decode[httpapi.DocumentsRes](t, w.want(200, "GET", w.path(w.mine, "/documents?external_id=a"), owner, nil))
	if len(list.Documents) != 1 || list.Documents[0].Title != "a" || len(list.Documents[0].Tags) != 1 {
		t.Errorf("the document called a is %+v", list.Documents)
	}
}

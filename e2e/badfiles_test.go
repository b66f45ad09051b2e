package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestBadFilesFailWithAReasonAndTheNextOneIsProcessed(t *testing.T) {
	t.Parallel()
	s := start(t, "PARSE_TIMEOUT="+patience(time.Minute).String(), "WORKERS=1")
	l := s.admin(t).library(t, "bad")
	handbook := testdata(t, "handbook-en.pdf").content
	archive := testdata(t, "archive-en.docx").content
	for _, c := range []badFile{
		{file{name: "empty.pdf"}, "422"},
		{file{name: "photo.png", content: []byte("\x89PNG\r\n\x1a\n0000")}, "415"},
		{file{name: "photo.pdf", mediaType: "application/pdf", content: []byte("\x89PNG\r\n\x1a\n0000")}, "415"},
		{file{name: "program.txt", mediaType: "text/plain", content: []byte("\x7fELF\x02\x01\x01\x00\x00")}, "415"},
		{file{name: "garbage.bin", content: noise(5000)}, "415"},
		{file{name: "garbage.pdf", content: noise(5001)}, "corrupt"},
		{file{name: "garbage.txt", content: noise(5002)}, "corrupt"},
		{file{name: "blank.txt", content: []byte(" \n\t\n")}, "no_text"},
		{file{name: "scan.pdf", content: pageOf("", "", "0 0 612 792 re f")}, "no_text"},
		{file{name: "header.pdf", content: []byte("%PDF-1.7\n")}, "corrupt"},
		{file{name: "encrypted.pdf", content: encryptedPDF()}, "encrypted"},
		{file{name: "truncated.pdf", content: handbook[:len(handbook)/2]}, "corrupt"},
		{file{name: "truncated.docx", content: archive[:len(archive)/2]}, "corrupt"},
		{file{name: "bomb.pdf", content: bombPDF()}, "too_large out_of_memory"},
		{file{name: "bomb.docx", content: bombDOCX("a bomb in a text ", false)}, "too_large out_of_memory"},
		{file{name: "liar.docx", content: bombDOCX("a bomb in a text ", true)}, "too_large out_of_memory corrupt"},
	} {
		l.expectBad(t, c)
	}
	s.expectSmall(t, 300)
	if !testing.Short() { // takes all the time that there is, on a slow machine
		many := bombDOCX("</w:t></w:r></w:p><w:p><w:r><w:t>a bomb of paragraphs", false)
		l.expectBad(t, badFile{file{name: "paragraphs.docx", content: many}, "too_large out_of_memory timeout"})
		s.expectSmall(t, 300)
	}
	if d := l.add(t, testdata(t, "visitors-en.md"))[0]; d.ChunkCount == 0 {
		t.Errorf("after the bad files a good one is %+v", d)
	}
}

// noise is n bytes that are no text, always the same.
func noise(n int) []byte {
	out := make([]byte, n)
	x := uint32(n)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

// badFile is a file that is to be refused with a status, or to fail with one of several codes.
type badFile struct {
	file

	codes string
}

func (l *library) expectBad(t *testing.T, b badFile) {
	t.Helper()
	f, codes := b.file, b.codes
	r := l.offer(t, f)
	if status, err := strconv.Atoi(codes); err == nil {
		if r.status != status {
			t.Errorf("upload of %s = %d, want %d: %s", f.name, r.status, status, r.body)
		}
		return
	}
	if r.status != http.StatusAccepted {
		t.Errorf("upload of %s = %d, want 202: %s", f.name, r.status, r.body)
		return
	}
	d := l.settled(t, parse[uploaded](t, r).DocumentID)
	known := false
	for code := range strings.FieldsSeq(codes) {
		known = known || d.ErrorCode == code
	}
	if d.Status != "FAILED" || !known || len(d.ErrorMessage) < 20 || d.ChunkCount != 0 {
		t.Errorf("%s = %s, %q, %q, want it FAILED with %s", f.name, d.Status, d.ErrorCode, d.ErrorMessage, codes)
	}
	for _, inside := range []string{"panic", ".go:", "goroutine", os.TempDir()} {
		if strings.Contains(d.ErrorMessage, inside) {
			t.Errorf("the message about %s shows the inside: %q", f.name, d.ErrorMessage)
		}
	}
}

func TestAFileIsWhatItsContentSays(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "mislabelled")
	pdf, html := testdata(t, "manual-es.pdf").content, testdata(t, "fleet-en.html").content
	word := testdata(t, "archive-en.docx").content
	latin := []byte("La a\xf1ada fue buena. El ping\xfcino comi\xf3 pi\xf1ones en oto\xf1o.")
	for _, c := range []struct {
		file file
		kind string
	}{
		{file{name: "manual.txt", mediaType: "text/plain", content: pdf}, "application/pdf"},
		{file{name: "fleet.pdf", mediaType: "application/pdf", content: html}, "text/html"},
		{file{name: "archive.zip", mediaType: "application/zip", content: word}, docxType},
		{file{name: "latin1.txt", content: latin}, "text/plain"},
	} {
		if d := l.add(t, c.file)[0]; d.MimeType != c.kind {
			t.Errorf("%s is taken for %s, want %s", c.file.name, d.MimeType, c.kind)
		}
	}
	if m := l.query(t, "pingüino piñones otoño", 1); len(m) == 0 || !strings.Contains(m[0].Content, "El pingüino comió piñones") {
		t.Errorf("the Latin-1 text is read as %+v", m)
	}
}

func TestABodyThatIsTooLargeIsRefusedWithoutBeingHeld(t *testing.T) {
	t.Parallel()
	s := start(t)
	l := s.admin(t).library(t, "large")
	for _, length := range []int64{1 << 30, -1} { // announced, and not
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		_, _ = w.CreateFormFile("file", "endless.txt") // a buffer takes everything
		l.expectTooLarge(t, "/documents/upload", w.FormDataContentType(), form.String(), length)
		l.expectTooLarge(t, "/ingest/text", "application/json", `{"title": "x", "text": "`, length)
	}
	f := file{name: "just-too-large.txt", content: bytes.Repeat([]byte("many words "), 25<<20/11+1)}
	if r := l.offer(t, f); r.status != http.StatusRequestEntityTooLarge {
		t.Errorf("an upload a little over the limit = %d, want 413: %s", r.status, r.body)
	}
	if all := l.all(t, nil); len(all) != 0 {
		t.Errorf("after uploads that were refused the list has %+v", all)
	}
	l.add(t, testdata(t, "visitors-en.md"))
	if n := len(filesIn(t, s.data("blobs"))); n != 1 && !faraway() {
		t.Errorf("after uploads that were refused there are %d files in the blob store, want 1", n)
	}
	s.expectSmall(t, 300)
}

// expectTooLarge sends a body of 1 GiB that begins like this.
func (l *library) expectTooLarge(t *testing.T, path, contentType, begin string, length int64) {
	t.Helper()
	req := l.request(t, "POST", l.path(path), io.LimitReader(io.MultiReader(strings.NewReader(begin), letters{}), 1<<30))
	req.Header.Set("Content-Type", contentType)
	req.ContentLength = length
	r, err := l.send(t, req)
	if err != nil || r.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%s with 1 GiB, announced as %d = %d, %v, want 413", path, length, r.status, err)
	}
}

// letters is an endless text.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "lorem ipsum "[i%12]
	}
	return len(p), nil
}

func TestAFormThatIsBrokenIsAProblem(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "forms")
	const begin = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nsome text"
	for name, c := range map[string]struct {
		kind, body string
		status     int
	}{
		"no form":   {"text/plain", "some text", http.StatusUnsupportedMediaType},
		"no file":   {"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n--b--\r\n", http.StatusUnprocessableEntity},
		"cut off":   {"multipart/form-data; boundary=b", begin, http.StatusUnprocessableEntity},
		"two files": {"multipart/form-data; boundary=b", begin + "\r\n" + begin + "\r\n--b--\r\n", http.StatusUnprocessableEntity},
		"metadata": {
			"multipart/form-data; boundary=b", begin + "\r\n--b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n[1]\r\n--b--\r\n",
			http.StatusUnprocessableEntity,
		},
	} {
		req := l.request(t, "POST", l.path("/documents/upload"), strings.NewReader(c.body))
		req.Header.Set("Content-Type", c.kind)
		if r, err := l.send(t, req); err != nil || r.status != c.status {
			t.Errorf("%s = %d, %v, want %d: %s", name, r.status, err, c.status, r.body)
		}
	}
	if all := l.all(t, nil); len(all) != 0 {
		t.Errorf("after broken forms the list has %+v", all)
	}
}

// data is a path in the folder of the embedded profile.
func (s *shell) data(name string) string {
	for i := len(s.cmd.Env) - 1; i >= 0; i-- {
		if dir, ok := cutEnv(s.cmd.Env[i], "DATA_DIR"); ok {
			return filepath.Join(dir, name)
		}
	}
	return ""
}

// filesIn lists the files below a folder, by their paths.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			out = append(out, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

// expectSmall holds the shell to its promise about memory, in MiB, where the system tells: the most it ever used.
func (s *shell) expectSmall(t *testing.T, most int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil || raceEnabled {
		t.Log("the shell's memory isn't measured here")
		return
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(after + " ?")[0])
	if err != nil || kib > most<<10 {
		t.Errorf("the shell has used up to %d MiB, %v, want at most %d", kib>>10, err, most)
	}
	t.Logf("the shell has used up to %d MiB", kib>>10)
}

package parse

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

// message reads electronic mail (RFC 5322, MIME): its head, its body, and its attachments as files of their own. With archive, it
// reads a web page that was saved with all its parts (MHTML), of which only the page counts.
type message struct{ archive bool }

func (f message) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	if e := byteOrder(data); e != nil { // an editor saved it
		if decoded, err := e.NewDecoder().Bytes(data); err == nil {
			data = decoded
		}
	}
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), "\r\n")
	if rest, ok := bytes.CutPrefix(data, []byte("From ")); ok { // the line before each message of a mailbox
		_, data, _ = bytes.Cut(rest, []byte("\n"))
	}
	head, body, err := readHead(data)
	if err != nil {
		return corrupt("a message", err)
	}
	m := mailReader{ctx: ctx, out: out, archive: f.archive}
	if err := m.head(head); err != nil {
		return err
	}
	if err := m.part(head, body, 1); err != nil {
		return err
	}
	return m.body()
}

// readHead reads the fields of a message or part, and returns what follows them.
func readHead(data []byte) (textproto.MIMEHeader, io.Reader, error) {
	r := bufio.NewReader(bytes.NewReader(data))
	msg, err := mail.ReadMessage(r)
	if err == nil {
		return textproto.MIMEHeader(msg.Header), msg.Body, nil
	}
	if h, body := looseHead(data); len(h) > 0 {
		return h, bytes.NewReader(body), nil
	}
	return nil, nil, err
}

// looseHead reads a head in which some lines are no fields, as careless programs write them, and leaves those out.
func looseHead(data []byte) (h textproto.MIMEHeader, body []byte) {
	h = textproto.MIMEHeader{}
	last := ""
	for len(data) > 0 {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte("\n"))
		s := strings.TrimRight(string(line), "\r")
		name, value, ok := strings.Cut(s, ":")
		switch {
		case s == "":
			return h, data
		case strings.HasPrefix(s, " "), strings.HasPrefix(s, "\t"):
			if n := len(h[last]); n > 0 {
				h[last][n-1] += " " + strings.TrimSpace(s)
			}
		case !ok || name == "" || strings.ContainsAny(name, " \t"):
			last = ""
		default:
			last = textproto.CanonicalMIMEHeaderKey(name)
			h.Add(last, strings.TrimSpace(value))
		}
	}
	return h, nil
}

// mailReader gathers what is in a message.
type mailReader struct {
	ctx     context.Context //nolint:containedctx // it lives no longer than one call of read
	out     *output
	archive bool

	plain    []string // bodies
	pages    [][]byte
	attached []document.Attachment
}

// head prints who wrote to whom when.
func (m *mailReader) head(h textproto.MIMEHeader) error {
	subject := decodeWords(h.Get("Subject"))
	m.out.meta("title", subject)
	when := h.Get("Date")
	if t, err := mail.ParseDate(when); err == nil {
		when = t.Format(time.RFC3339)
	}
	m.out.meta("created", when)
	m.out.meta("author", decodeWords(h.Get("From")))
	if m.archive {
		return nil
	}
	m.out.meta("to", decodeWords(h.Get("To")))
	if err := m.out.add(text.Block{Kind: text.Heading, Level: 1, Text: subject}); err != nil {
		return err
	}
	var lines []string
	for _, name := range []string{"From", "To", "Cc", "Date"} {
		if v := oneLine(decodeWords(h.Get(name))); v != "" {
			lines = append(lines, name+": "+v)
		}
	}
	return m.out.add(text.Block{Text: strings.Join(lines, "\n")})
}

func decodeWords(s string) string {
	d := mime.WordDecoder{CharsetReader: charset.NewReaderLabel}
	if decoded, err := d.DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}

// maxParts and maxPartDepth bound how a message may be put together.
const (
	maxParts     = 5000
	maxPartDepth = 20
)

// part takes one part of a message: the parts inside of it, a body, or an attachment.
func (m *mailReader) part(h textproto.MIMEHeader, body io.Reader, depth int) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil && mediaType == "" {
		mediaType = "text/plain"
	}
	boundary := params["boundary"]
	if strings.HasPrefix(mediaType, "multipart/") && depth == 1 {
		if body, boundary, err = trueBoundary(body, boundary); err != nil {
			return err
		}
		if boundary == "" {
			mediaType = "text/plain"
		}
	}
	if strings.HasPrefix(mediaType, "multipart/") && boundary != "" {
		if depth > maxPartDepth {
			return fault.TooLarge.Errorf("the parts of the message are nested too deeply; forward it as it is shown").Because(document.ReasonTooLarge)
		}
		return m.parts(multipart.NewReader(body, boundary), mediaType, depth)
	}
	return m.leaf(h, mediaType, params, body)
}

// leaf takes a part that has none inside: a body or an attachment.
func (m *mailReader) leaf(h textproto.MIMEHeader, mediaType string, params map[string]string, body io.Reader) error {
	data, err := m.decode(h, body)
	if err != nil {
		return err
	}
	name := fileNameOf(h, params)
	disposition, _, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	switch {
	case disposition == "attachment", name != "" && !strings.HasPrefix(mediaType, "text/"):
		m.attach(name, mediaType, data)
	case mediaType == "text/html", mediaType == "application/xhtml+xml":
		m.pages = append(m.pages, inUTF8(data, params["charset"]))
	case isBody(mediaType) && name == "":
		if s, err := decodeText(inUTF8(data, params["charset"])); err == nil {
			m.plain = append(m.plain, s)
			return nil
		}
		m.attach("text.txt", mediaType, data)
	default:
		m.attach(name, mediaType, data)
	}
	return nil
}

var boundaryLine = regexp.MustCompile(`(?mi)^--([^\r\n]{1,70}?)[ \t]*\r?\nContent-`)

// trueBoundary returns what parts a message, and all of it again: what is said, or else what is there; "" when it has no parts.
func trueBoundary(body io.Reader, said string) (io.Reader, string, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, "", err
	}
	if said == "" || !bytes.Contains(data, []byte("--"+said)) {
		said = ""
		if found := boundaryLine.FindSubmatch(data); found != nil {
			said = string(found[1])
		}
	}
	return bytes.NewReader(data), said, nil
}

// isBody reports whether a part of a type is text of the message; reports of mail servers are.
func isBody(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || mediaType == "message/delivery-status"
}

// parts takes the parts of a multipart. Of alternatives the last one that can be read counts, which is a page where there is one.
func (m *mailReader) parts(r *multipart.Reader, mediaType string, depth int) error {
	plain, pages := len(m.plain), len(m.pages)
	for n := 0; ; n++ {
		p, err := r.NextRawPart()
		if err != nil { // the end, or a boundary that never comes: what is there is there
			break
		}
		if n > maxParts {
			return fault.TooLarge.Errorf("the message has more than %d parts; split it into smaller files", maxParts).Because(document.ReasonTooLarge)
		}
		if err := m.part(p.Header, p, depth+1); err != nil {
			return err
		}
	}
	if mediaType == "multipart/alternative" && len(m.pages) > pages {
		m.plain = m.plain[:plain]
	}
	return nil
}

// decode undoes the encoding for transport. What is cut off or damaged is read as far as it goes.
func (m *mailReader) decode(h textproto.MIMEHeader, body io.Reader) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, &base64Only{r: body})
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if e := fault.Of(err); e != nil {
		return nil, err
	}
	return data, nil
}

// base64Only drops everything that is no digit of base64.
type base64Only struct{ r io.Reader }

func (b *base64Only) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	kept := p[:0]
	for _, c := range p[:n] {
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '=' {
			kept = append(kept, c)
		}
	}
	return len(kept), err
}

func fileNameOf(h textproto.MIMEHeader, params map[string]string) string {
	_, disposition, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	for _, s := range []string{disposition["filename"], params["name"]} {
		if s != "" {
			return decodeWords(s)
		}
	}
	return ""
}

// inUTF8 decodes a body whose charset is declared; without one, or with a wrong one, its bytes decide.
func inUTF8(data []byte, label string) []byte {
	label = strings.ToLower(strings.TrimSpace(label))
	if label == "" || label == "utf-8" || label == "us-ascii" {
		return data
	}
	r, err := charset.NewReaderLabel(label, bytes.NewReader(data))
	if err != nil {
		return data
	}
	decoded, err := io.ReadAll(r)
	if err != nil {
		return data
	}
	return decoded
}

// attach remembers a file. Parts without name and type are what messages are made of, not files.
func (m *mailReader) attach(name, mediaType string, data []byte) {
	if m.archive || len(data) == 0 {
		return
	}
	if mediaType == "message/rfc822" && name == "" {
		name = "message.eml"
		if h, _, err := readHead(data); err == nil && h.Get("Subject") != "" {
			name = oneLine(decodeWords(h.Get("Subject"))) + ".eml"
		}
	}
	if name == "" {
		name = "attachment"
		if exts, err := mime.ExtensionsByType(mediaType); err == nil && len(exts) > 0 {
			name += exts[0]
		}
	}
	m.attached = append(m.attached, document.Attachment{Path: name, MediaType: mediaType, Data: data})
}

// body prints what was gathered, and hands on the attachments.
func (m *mailReader) body() error {
	for _, s := range m.plain {
		if err := addParagraphs(m.out, s, 0); err != nil {
			return err
		}
	}
	pages := m.pages
	if m.archive {
		pages = pages[:min(len(pages), 1)] // the page itself comes first, what it frames follows
	}
	for _, p := range pages {
		if err := readPage(m.ctx, p, m.out); err != nil {
			return err
		}
	}
	if m.archive && len(m.pages) == 0 && len(m.plain) == 0 {
		return corrupt("a saved web page", errors.New("it has no page"))
	}
	for _, a := range m.attached {
		if err := m.file(a); err != nil {
			return err
		}
	}
	return nil
}

// file hands on one attachment, or says that it isn't read. Pictures are mostly logos, so nothing is said of those.
func (m *mailReader) file(a document.Attachment) error {
	_, err := m.out.sniff(a.Data[:min(len(a.Data), sniffBytes)], a.Path, a.MediaType)
	line := "- " + a.Path
	switch {
	case err == nil && int64(len(a.Data)) <= m.out.limits.MaxInputBytes:
		if err := m.out.attach(a); err != nil {
			return err
		}
	case err != nil && !errors.Is(err, fault.Unsupported):
		return err
	default:
		m.out.notRead(a.Path)
	}
	return m.out.add(text.Block{Kind: text.ListItem, Text: line})
}

package document

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/identity"
	"github.com/ragcorp/ragcorp/core/workspace"
)

// headBytes is how much of a file decides its type.
const headBytes = 64 << 10

// Incoming is a file as a client sends it.
type Incoming struct {
	Name      string // the client's; data, never a path
	MediaType string // the client's word; content decides
	Body      io.Reader
}

// Receipt is a file that is stored but belongs to no document yet. It must be handed to Accept or Discard.
type Receipt struct {
	scope workspace.Scope
	doc   Document
}

// Digest tells contents apart: it is the same for the same bytes in the same workspace.
func (r *Receipt) Digest() string { return r.doc.Hash }

// Receive takes the bytes of a file into the blob store, hashing on the way; memory stays small whatever the size.
// fault.Invalid on the field file when it is empty, fault.Unsupported when its type isn't handled, fault.TooLarge over the
// limit.
func (s *Service) Receive(ctx context.Context, a identity.Actor, ws workspace.ID, in Incoming) (*Receipt, error) {
	scope, err := s.writing(ctx, a, ws, identity.DocumentsCreate)
	if err != nil {
		return nil, err
	}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(in.Body, head)
	head = head[:n]
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return nil, fault.Field("file", "is empty")
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("receive file: %w", err)
	}
	name := fileName(in.Name)
	mediaType, err := s.ports.Parser.Sniff(head, name, in.MediaType)
	if err != nil {
		return nil, err
	}
	return s.keep(ctx, scope, a, Original{Name: name, MediaType: mediaType}, io.MultiReader(bytes.NewReader(head), in.Body))
}

// keep stores bytes under a new document's key.
func (s *Service) keep(
	ctx context.Context, scope workspace.Scope, a identity.Actor, o Original, body io.Reader,
) (*Receipt, error) {
	id := uuid.Must(uuid.NewV7())
	o.Key = "originals/" + scope.Workspace().String() + "/" + id.String()
	sum := FileHash(scope.Workspace())
	limited := &limitedReader{r: io.TeeReader(body, sum), left: s.opts.MaxUpload}
	size, err := s.ports.Blobs.Put(ctx, o.Key, o.MediaType, limited)
	if err != nil {
		return nil, err
	}
	o.Size = size
	return &Receipt{scope: scope, doc: Document{
		ID: id, Workspace: scope.Workspace(), Uploader: a.User, Original: o, Hash: hex.EncodeToString(sum.Sum(nil)),
	}}, nil
}

// Discard forgets a received file.
func (s *Service) Discard(ctx context.Context, r *Receipt) error {
	return s.ports.Blobs.Delete(context.WithoutCancel(ctx), r.doc.Original.Key)
}

// settle removes the bytes of a receipt that no document uses. An error that leaves open whether the document was committed, such
// as that of a connection which is cut before the answer, leaves them: either the document needs them, or Sweep finds them.
func (s *Service) settle(ctx context.Context, r *Receipt, used bool, err error) error {
	if err == nil && used || err != nil && !fault.Permanent(err) {
		return err
	}
	return errors.Join(err, s.Discard(ctx, r))
}

// Upload is Receive and Accept in one.
func (s *Service) Upload(
	ctx context.Context, a identity.Actor, ws workspace.ID, in Incoming, about Details,
) (Document, Arrival, error) {
	r, err := s.Receive(ctx, a, ws, in)
	if err != nil {
		return Document{}, Known, err
	}
	return s.Accept(ctx, a, r, about)
}

// title chooses a title: the client's, else the file's name, else a general one; it is cut to the limit.
func (s *Service) title(given, file string) string {
	for _, t := range []string{given, strings.TrimSuffix(file, path.Ext(file)), file} {
		if t = strings.TrimSpace(t); t == "" {
			continue
		}
		if utf8.RuneCountInString(t) > s.opts.MaxTitle {
			t = string([]rune(t)[:s.opts.MaxTitle])
		}
		return t
	}
	return "Untitled document"
}

// fileName reduces what a client calls a file to a name: no folders, no control characters, no more than 255 characters.
func fileName(raw string) string {
	raw = strings.ToValidUTF8(raw, "")
	if i := strings.LastIndexAny(raw, `/\`); i >= 0 {
		raw = raw[i+1:]
	}
	raw = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, raw))
	if runes := []rune(raw); len(runes) > 255 {
		raw = string(runes[len(runes)-255:]) // the end says what type it is
	}
	if raw == "." || raw == ".." {
		return ""
	}
	return raw
}

// limitedReader fails with fault.TooLarge once more than left bytes come.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.left -= int64(n)
	if l.left < 0 {
		return 0, fault.TooLarge.Errorf("the file is larger than the limit").Because(ReasonTooLarge)
	}
	return n, err
}

package parse

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
	"github.com/ragcorp/ragcorp/core/text"
)

// maxArchiveDepth bounds archives inside of archives, maxAttached the files that one file may hold.
const (
	maxArchiveDepth = 4
	maxAttached     = 2000
)

// archive reads zip archives: the files in it, also those of archives inside, are handed on, and a list of them is the text.
type archive struct{}

func (archive) read(ctx context.Context, src source, out *output) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	a := archiveReader{ctx: ctx, out: out, budget: src.limits.MaxUncompressed}
	if err := a.files(data, "", 1); err != nil {
		return err
	}
	switch {
	case a.taken > 0:
	case a.protected > 0:
		return encrypted()
	case a.left > 0:
		return fault.Unsupported.Errorf("nothing in this archive can be read; " + canRead).Because(document.ReasonUnsupported)
	}
	return nil
}

type archiveReader struct {
	ctx                    context.Context //nolint:containedctx // it lives no longer than one call of read
	out                    *output
	budget                 int64
	taken, left, protected int
}

// files hands on the files of one archive; prefix is its path in those around it, with "/" at the end.
func (a *archiveReader) files(data []byte, prefix string, depth int) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if depth > 1 {
			return a.leave(prefix, "damaged")
		}
		return corrupt("a zip archive", err)
	}
	if err := a.fits(z.File); err != nil {
		return err
	}
	for i, f := range z.File {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		name := entryName(f)
		if strings.HasSuffix(name, "/") || isRubbish(name) {
			continue
		}
		if err := a.file(f, prefix+name, depth); err != nil {
			return err
		}
		if depth == 1 {
			a.out.report(i+1, len(z.File))
		}
	}
	return nil
}

// fits refuses an archive that says itself that it holds too much, before anything of it is handed on.
func (a *archiveReader) fits(list []*zip.File) error {
	count, size := a.taken+a.left, uint64(0)
	for _, f := range list {
		if name := entryName(f); !strings.HasSuffix(name, "/") && !isRubbish(name) {
			count++
			size += min(f.UncompressedSize64, 1<<40)
		}
	}
	if count > maxAttached {
		return tooManyFiles()
	}
	if size > uint64(max(a.budget, 0)) {
		return tooLarge("the unpacked content of the file", a.out.limits.MaxUncompressed)
	}
	return nil
}

func tooManyFiles() error {
	return fault.TooLarge.Errorf("the archive holds more than %d files; split it into smaller ones", maxAttached).
		Because(document.ReasonTooLarge)
}

func (a *archiveReader) file(f *zip.File, name string, depth int) error {
	if f.Flags&zipEncrypted != 0 {
		a.protected++
		return a.leave(name, "protected with a password")
	}
	if a.taken+a.left >= maxAttached {
		return tooManyFiles()
	}
	data, err := a.unpack(f)
	if err != nil {
		if fault.Of(err) != nil {
			return err
		}
		return a.leave(name, "damaged")
	}
	if data == nil {
		return a.leave(name, "too large")
	}
	mediaType, err := a.out.sniff(data[:min(len(data), sniffBytes)], path.Base(name), "")
	switch {
	case len(data) == 0:
		return a.leave(name, "empty")
	case errors.Is(err, fault.Unsupported):
		return a.leave(name, "not a document")
	case err != nil:
		return err
	case mediaType == ZIP && depth < maxArchiveDepth:
		return a.files(data, name+"/", depth+1)
	case mediaType == ZIP:
		return fault.TooLarge.Errorf("archives are nested too deeply in this one; unpack it and upload what is inside").Because(document.ReasonTooLarge)
	}
	a.taken++
	if err := a.out.attach(document.Attachment{Path: name, Data: data}); err != nil {
		return err
	}
	return a.out.add(text.Block{Kind: text.ListItem, Text: "- " + name})
}

// leave says of a file that it isn't read.
func (a *archiveReader) leave(name, why string) error {
	a.left++
	a.out.notRead(name)
	return a.out.add(text.Block{Kind: text.ListItem, Text: fmt.Sprintf("- %s (%s)", name, why)})
}

// unpack returns the content of an entry; nil when it is larger than a file may be.
func (a *archiveReader) unpack(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // it was only read
	limit := min(a.out.limits.MaxInputBytes, a.budget) + 1
	data, err := io.ReadAll(io.LimitReader(r, limit))
	if a.budget -= int64(len(data)); a.budget < 0 {
		return nil, tooLarge("the unpacked content of the file", a.out.limits.MaxUncompressed)
	}
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > a.out.limits.MaxInputBytes {
		return nil, nil
	}
	return append([]byte{}, data...), nil
}

// entryName is the name of an entry in UTF-8; old programs write it in the code page of DOS.
func entryName(f *zip.File) string {
	name := strings.ReplaceAll(f.Name, `\`, "/")
	if utf8.ValidString(name) {
		return name
	}
	if decoded, err := charmap.CodePage850.NewDecoder().String(name); err == nil {
		return decoded
	}
	return strings.ToValidUTF8(name, "_")
}

// isRubbish reports whether a file is what operating systems leave in folders.
func isRubbish(name string) bool {
	switch path.Base(name) {
	case ".DS_Store", "Thumbs.db", "desktop.ini":
		return true
	}
	return strings.HasPrefix(name, "__MACOSX/") || strings.Contains(name, "/__MACOSX/") || strings.HasPrefix(path.Base(name), "._")
}

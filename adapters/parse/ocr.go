package parse

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/text"
)

// recogniser reads pictures with Tesseract, a program of its own, under the limits of children, and remembers what it found.
type recogniser struct {
	o      Options
	blocks []text.Block
	pages  []int   // with text
	sum    float64 // of the confidence in each word, in percent
	words  int
}

// read reads a picture. Its pages count from first.
func (r *recogniser) read(ctx context.Context, picture []byte, first int) error {
	languages := strings.Join(r.o.OCRLanguages, "+")
	c := command{
		args:  append(slices.Clone(r.o.OCR), "stdin", "stdout", "-l", languages, "tsv"),
		stdin: bytes.NewReader(picture), timeout: r.o.OCRTimeout,
		limits: commandLimits{Memory: r.o.MaxMemory, CPU: 2 * r.o.OCRTimeout},
	}
	out, err := c.run(ctx, 4*r.o.MaxTextBytes+controlBytes)
	switch {
	case errors.Is(err, timeIsOver{}):
		return timedOut(r.o.OCRTimeout)
	case err != nil:
		if ctx.Err() == nil && !isMissing(err) {
			return corrupt("an image that text recognition can read", err)
		}
		return err
	}
	r.take(string(out), first)
	return nil
}

// isMissing reports whether the program or all that it knows of languages isn't there, which is no fault of the file. Without
// one of several languages Tesseract reads on with the others.
func isMissing(err error) bool {
	return strings.Contains(err.Error(), "find the program") || strings.Contains(err.Error(), "couldn't load any languages")
}

// take reads Tesseract's table of words: level, page, block, paragraph, line, word, four numbers of the place, confidence, text.
func (r *recogniser) take(tsv string, first int) {
	var at [4]string // page, block, paragraph, line of the word before
	var b strings.Builder
	page := first
	flush := func() {
		if s := b.String(); strings.TrimSpace(s) != "" {
			r.blocks = append(r.blocks, text.Block{Page: page, Text: s})
			if !slices.Contains(r.pages, page) {
				r.pages = append(r.pages, page)
			}
		}
		b.Reset()
	}
	for line := range strings.SplitSeq(tsv, "\n") {
		f := strings.SplitN(line, "\t", 12)
		if len(f) < 12 || f[0] != "5" || strings.TrimSpace(f[11]) == "" {
			continue
		}
		here := [4]string{f[1], f[2], f[3], f[4]}
		switch {
		case here[0] != at[0] || here[1] != at[1] || here[2] != at[2]:
			flush()
		case here[3] != at[3] && strings.HasSuffix(b.String(), "-"):
			s := strings.TrimSuffix(b.String(), "-")
			b.Reset()
			b.WriteString(s)
		default:
			b.WriteByte(' ')
		}
		at = here
		n, _ := strconv.Atoi(f[1])
		page = first + max(n, 1) - 1
		b.WriteString(strings.TrimSpace(f[11]))
		if confidence, err := strconv.ParseFloat(f[10], 64); err == nil && confidence >= 0 {
			r.sum += confidence
			r.words++
		}
	}
	flush()
}

// into adds what was found to what the file itself said, each page in its place.
func (r *recogniser) into(p *document.Parsed) error {
	if len(p.Blocks)+len(r.blocks) == 0 {
		return noText(true)
	}
	if len(r.blocks) == 0 {
		return nil
	}
	out := output{limits: r.o}
	for _, b := range slices.Concat(p.Blocks, r.blocks) {
		if err := out.add(b); err != nil {
			return err
		}
	}
	slices.SortStableFunc(out.parsed.Blocks, func(a, b text.Block) int { return a.Page - b.Page })
	p.Blocks = out.parsed.Blocks
	p.EmptyPages = slices.DeleteFunc(p.EmptyPages, func(n int) bool { return slices.Contains(r.pages, n) })
	p.Pages = max(p.Pages, slices.Max(r.pages))
	if p.Metadata == nil {
		p.Metadata = map[string]string{}
	}
	p.Metadata["ocr_pages"] = strconv.Itoa(len(r.pages))
	p.Metadata["ocr_confidence"] = strconv.Itoa(int(r.sum / float64(max(r.words, 1))))
	return nil
}

func isPicture(mediaType string) bool {
	return mediaType == PNG || mediaType == JPEG || mediaType == TIFF
}

// readPicture reads a file that is a picture, which takes no child: Tesseract is one.
func readPicture(ctx context.Context, o Options, f document.File) (document.Parsed, error) {
	data, err := source{body: contextReader{ctx, f.Body}, size: f.Size, limits: o}.all()
	if err != nil {
		return document.Parsed{}, err
	}
	r := recogniser{o: o}
	if err := r.read(ctx, data, 1); err != nil {
		return document.Parsed{}, err
	}
	p := document.Parsed{Pages: 1}
	return p, r.into(&p)
}

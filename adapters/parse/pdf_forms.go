package parse

import (
	"strings"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
)

// maxAnnotations bounds how many annotations of a page are looked at.
const maxAnnotations = 10_000

// written returns the lines of an open page with what is written on top of it: filled-in forms, notes and stamps, which are annotations and no
// part of its text. The engine draws their appearances into the page. What has no appearance makes lines of its own; so does all of it
// where the page suffers from the drawing.
func (f *pdfFile) written(index int, page requests.Page, p pdfPage) []pdfLine {
	lines := p.lines
	notes := f.annotations(page)
	if !notes.drawn {
		return append(lines, notes.undrawn...)
	}
	if flat := f.flattened(index, page, p.grids); keepWords(flat, lines) {
		return append(flat, notes.undrawn...)
	}
	return append(append(lines, notes.values...), notes.undrawn...)
}

// flattened reads the lines of a page after its annotations were drawn into it; none if that fails. An open page doesn't see its new
// content, so it is opened once more.
func (f *pdfFile) flattened(index int, page requests.Page, grids []pdfGrid) []pdfLine {
	flat, err := f.engine.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: page, Usage: requests.FPDFPage_FlattenUsageNormalDisplay})
	if err != nil || flat.Result != responses.FPDFPage_FlattenResultSuccess {
		return nil // if the engine broke, the next call says so
	}
	again, err := f.engine.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: f.doc, Index: index})
	if err != nil {
		return nil
	}
	defer func() { _, _ = f.engine.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: again.Page}) }()
	lines, err := f.textOf(requests.Page{ByReference: &again.Page}, grids)
	if err != nil {
		return nil
	}
	return lines
}

// keepWords reports whether nine in ten words of some lines are among others.
func keepWords(all, some []pdfLine) bool {
	have := map[string]int{}
	for _, l := range all {
		for w := range strings.FieldsSeq(l.text) {
			have[w]++
		}
	}
	kept, words := 0, 0
	for _, l := range some {
		for w := range strings.FieldsSeq(l.text) {
			words++
			if have[w]--; have[w] >= 0 {
				kept++
			}
		}
	}
	return len(all) > 0 && kept*10 >= words*9
}

// pdfNotes is what the annotations of a page say.
type pdfNotes struct {
	drawn   bool      // some have an appearance
	values  []pdfLine // of those
	undrawn []pdfLine // of the others, which readers draw by themselves
}

func (f *pdfFile) annotations(page requests.Page) (n pdfNotes) {
	count, err := f.engine.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: page})
	if err != nil {
		return n
	}
	for i := range min(count.Count, maxAnnotations) {
		a, err := f.engine.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: page, Index: i})
		if err != nil {
			continue
		}
		if key := f.keyOf(a.Annotation); key != "" {
			l, ok := f.value(a.Annotation, key)
			switch has, err := f.engine.FPDFAnnot_HasKey(&requests.FPDFAnnot_HasKey{Annotation: a.Annotation, Key: "AP"}); {
			case err == nil && has.HasKey && ok:
				n.drawn, n.values = true, append(n.values, l)
			case err == nil && has.HasKey:
				n.drawn = true
			case ok:
				n.undrawn = append(n.undrawn, l)
			}
		}
		_, _ = f.engine.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: a.Annotation})
	}
	return n
}

// keyOf is the key under which an annotation keeps the text that people see on the page; "" for kinds that show none.
func (f *pdfFile) keyOf(a references.FPDF_ANNOTATION) string {
	kind, err := f.engine.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: a})
	if err != nil {
		return ""
	}
	switch kind.Subtype { //nolint:exhaustive // all others are "" below
	case enums.FPDF_ANNOT_SUBTYPE_WIDGET:
		return "V"
	case enums.FPDF_ANNOT_SUBTYPE_FREETEXT, enums.FPDF_ANNOT_SUBTYPE_STAMP:
		return "Contents"
	}
	return ""
}

// unseen are the flags of annotations that aren't shown: hidden, and without view (ISO 32000-1, 12.5.3).
const unseen = 2 | 32

// value makes a line of what an annotation says; ok is false when that is nothing, isn't to be seen, or is the state of a button.
func (f *pdfFile) value(a references.FPDF_ANNOTATION, key string) (l pdfLine, ok bool) {
	if flags, err := f.engine.FPDFAnnot_GetFlags(&requests.FPDFAnnot_GetFlags{Annotation: a}); err != nil || int(flags.Flags)&unseen != 0 {
		return l, false
	}
	kind, err := f.engine.FPDFAnnot_GetValueType(&requests.FPDFAnnot_GetValueType{Annotation: a, Key: key})
	if err != nil || kind.ValueType != enums.FPDF_OBJECT_TYPE_STRING {
		return l, false // states are names
	}
	value, err := f.engine.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: a, Key: key})
	if err != nil {
		return l, false
	}
	l.text = strings.Join(strings.FieldsFunc(value.Value, isBlank), " ")
	return l, l.text != ""
}

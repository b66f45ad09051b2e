package parse

import (
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// Limits of what is looked at for tables. Pages with more of it are drawings.
const (
	maxObjects  = 6000
	maxSegments = 2000
)

// rules collects the straight lines that are drawn on a page, across and upright.
func (f *pdfFile) rules(page requests.Page) (across, upright []rule) {
	count, err := f.engine.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if err != nil || count.Count > maxObjects {
		return nil, nil
	}
	d := drawing{f: f}
	for i := range count.Count {
		object, err := f.engine.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: i})
		if err != nil {
			return nil, nil
		}
		kind, err := f.engine.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object.PageObject})
		if err == nil && kind.Type == enums.FPDF_PAGEOBJ_PATH {
			d.path(object.PageObject)
		}
	}
	return d.across, d.upright
}

// drawing is the rules found so far.
type drawing struct {
	f               *pdfFile
	across, upright []rule
	segments        int
}

// thin is how wide a rule is at most, and short how long one is at least.
const (
	thin  = 3.0
	short = 6.0
)

// add adds what reaches from one corner to the other, if it is a rule.
func (d *drawing) add(left, bottom, right, top float64) {
	switch width, height := right-left, top-bottom; {
	case height <= thin && width >= short:
		d.across = append(d.across, rule{(bottom + top) / 2, left, right})
	case width <= thin && height >= short:
		d.upright = append(d.upright, rule{(left + right) / 2, bottom, top})
	}
}

// path adds a path that is a rule, drawn as a line or as a thin box, or the rules of which it is made.
func (d *drawing) path(object references.FPDF_PAGEOBJECT) {
	b, err := d.f.engine.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: object})
	if err != nil {
		return
	}
	left, bottom, right, top := float64(b.Left), float64(b.Bottom), float64(b.Right), float64(b.Top)
	if right-left <= thin || top-bottom <= thin {
		d.add(left, bottom, right, top)
		return
	}
	mode, err := d.f.engine.FPDFPath_GetDrawMode(&requests.FPDFPath_GetDrawMode{PageObject: object})
	if err != nil || !mode.Stroke {
		return
	}
	count, err := d.f.engine.FPDFPath_CountSegments(&requests.FPDFPath_CountSegments{PageObject: object})
	if err != nil || count.Count+d.segments > maxSegments {
		return
	}
	d.segments += count.Count
	d.strokes(object, count.Count)
}

// strokes adds the straight strokes of a path.
func (d *drawing) strokes(object references.FPDF_PAGEOBJECT, count int) {
	matrix, err := d.f.engine.FPDFPageObj_GetMatrix(&requests.FPDFPageObj_GetMatrix{PageObject: object})
	if err != nil {
		return
	}
	m := matrix.Matrix
	var begin, at [2]float64
	stroke := func(to [2]float64) {
		d.add(min(at[0], to[0]), min(at[1], to[1]), max(at[0], to[0]), max(at[1], to[1]))
		at = to
	}
	for i := range count {
		s, err := d.f.engine.FPDFPath_GetPathSegment(&requests.FPDFPath_GetPathSegment{PageObject: object, Index: i})
		if err != nil {
			return
		}
		point, err := d.f.engine.FPDFPathSegment_GetPoint(&requests.FPDFPathSegment_GetPoint{PathSegment: s.PathSegment})
		if err != nil {
			return
		}
		kind, err := d.f.engine.FPDFPathSegment_GetType(&requests.FPDFPathSegment_GetType{PathSegment: s.PathSegment})
		if err != nil {
			return
		}
		to := [2]float64{float64(m.A*point.X + m.C*point.Y + m.E), float64(m.B*point.X + m.D*point.Y + m.F)}
		switch kind.Type {
		case enums.FPDF_SEGMENT_MOVETO:
			begin, at = to, to
		case enums.FPDF_SEGMENT_LINETO:
			stroke(to)
		default:
			at = to
		}
		end, err := d.f.engine.FPDFPathSegment_GetClose(&requests.FPDFPathSegment_GetClose{PathSegment: s.PathSegment})
		if err == nil && end.IsClose {
			stroke(begin)
		}
	}
}

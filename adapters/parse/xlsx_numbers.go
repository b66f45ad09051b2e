package parse

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"time"
)

// numberFormat is how a cell shows a number, as far as its meaning depends on it.
type numberFormat uint8

const (
	asNumber numberFormat = iota
	asPercent
	asDate
	asTime
	asMoment // date and time
)

// readFormats reads which style shows numbers how.
func (w *workbook) readFormats(part string) error {
	custom := map[int]numberFormat{}
	inCells := false
	return w.walk(part, func(_ *xml.Decoder, t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "numFmt":
				id, _ := strconv.Atoi(attr(t, "numFmtId"))
				custom[id] = formatOf(attr(t, "formatCode"))
			case "cellXfs":
				inCells = true
			case "xf":
				if inCells {
					id, _ := strconv.Atoi(attr(t, "numFmtId"))
					w.styles = append(w.styles, builtIn(id, custom))
				}
			}
		case xml.EndElement:
			if t.Name.Local == "cellXfs" {
				inCells = false
			}
		}
		return nil
	})
}

// builtIn knows the formats that have a number only (ECMA-376 part 1, 18.8.30).
func builtIn(id int, custom map[int]numberFormat) numberFormat {
	switch {
	case id == 9 || id == 10:
		return asPercent
	case 14 <= id && id <= 17, 27 <= id && id <= 31, 36 <= id && id <= 36, 50 <= id && id <= 58:
		return asDate
	case id == 22:
		return asMoment
	case 18 <= id && id <= 21, 32 <= id && id <= 35, 45 <= id && id <= 47:
		return asTime
	}
	return custom[id]
}

// formatOf reads a format's code, such as "yyyy\-mm\-dd" or "0.00%".
func formatOf(code string) numberFormat { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	var b strings.Builder
	quoted, bracketed := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			bracketed = true
		case c == ']':
			bracketed = false
		case bracketed:
		case c == ';':
			i = len(code) // what follows is for other signs
		default:
			b.WriteByte(c | 0x20)
		}
	}
	s := b.String()
	date, clock := strings.ContainsAny(s, "yd"), strings.ContainsAny(s, "hs")
	switch {
	case strings.Contains(s, "general"):
		return asNumber
	case date && clock:
		return asMoment
	case date, strings.Contains(s, "mmm"):
		return asDate
	case clock:
		return asTime
	case strings.Contains(code, "%"):
		return asPercent
	}
	return asNumber
}

// show writes a number as the format means it.
func (f numberFormat) show(raw string, from04 bool) string {
	v, err := strconv.ParseFloat(strings.TrimSpace(raw), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return raw
	}
	switch f {
	case asPercent:
		return trimNumber(v*100) + "%"
	case asDate, asTime, asMoment:
		return f.moment(v, raw, from04)
	case asNumber:
	}
	return trimNumber(v)
}

// trimNumber writes a number with the fifteen digits that are exact, so that 0.1+0.2 is 0.3.
func trimNumber(v float64) string {
	if a := math.Abs(v); a != 0 && (a >= 1e15 || a < 1e-9) {
		return strconv.FormatFloat(v, 'g', 15, 64)
	}
	s := strconv.FormatFloat(v, 'f', 15-max(0, min(15, int(math.Log10(math.Abs(v)+1))+1)), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// moment writes days since the epoch of the workbook. Excel counts a 29 February 1900 that never was.
func (f numberFormat) moment(days float64, raw string, from04 bool) string {
	if days < 0 || days > 2_958_466 { // the end of the year 9999
		return raw
	}
	if f == asTime && days >= 1 {
		minutes := int(math.Round(days * 24 * 60))
		return strconv.Itoa(minutes/60) + ":" + strconv.Itoa(100 + minutes%60)[1:]
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if from04 {
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	} else if days < 60 {
		epoch = epoch.AddDate(0, 0, 1)
	}
	whole, part := math.Modf(days)
	t := epoch.AddDate(0, 0, int(whole)).Add(time.Duration(math.Round(part*86_400)) * time.Second)
	switch {
	case f == asTime:
		return t.Format("15:04:05")
	case f == asDate && part == 0:
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02 15:04:05")
}

package parse

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

var errBinary = errors.New("the bytes are no text in any known encoding")

var overstruck = regexp.MustCompile("[^\n\b]\b")

// decodeText finds the encoding of a text by its bytes and returns it as UTF-8, with line ends as LF and without byte
// order mark. Bytes that no encoding explains become U+FFFD as long as they are few; errBinary when they are not.
func decodeText(data []byte) (string, error) {
	s, err := decodeAny(data)
	if err != nil {
		return "", err
	}
	s = strings.TrimPrefix(s, "\uFEFF")
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	if strings.IndexByte(s, '\b') >= 0 { // printers strike letters twice for bold type, and the line under them
		s = overstruck.ReplaceAllString(s, "")
	}
	if isBinary(s) {
		return "", errBinary
	}
	return s, nil
}

func decodeAny(data []byte) (string, error) {
	if e := byteOrder(data); e != nil {
		decoded, err := e.NewDecoder().Bytes(data)
		return string(decoded), err
	}
	escaped := bytes.IndexByte(data[:min(len(data), sniffBytes)], 0x1b) >= 0
	if valid := utf8.Valid(data); valid && !escaped {
		return string(data), nil
	}
	if !escaped && mostlyUTF8(data) {
		return strings.ToValidUTF8(string(data), "\uFFFD"), nil
	}
	if e := eastern(data); e != nil {
		decoded, err := e.NewDecoder().Bytes(data)
		return string(decoded), err
	}
	if utf8.Valid(data) {
		return string(data), nil
	}
	if mostlyUTF8(data) {
		return strings.ToValidUTF8(string(data), "\uFFFD"), nil
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return "", errBinary
	}
	decoded, err := singleByte(data).NewDecoder().Bytes(data)
	return string(decoded), err
}

// byteOrder returns the encoding with units of two or four bytes that a mark, or the places of zero bytes, tell of; nil when none.
func byteOrder(data []byte) encoding.Encoding {
	le16 := xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM)
	be16 := xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM)
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE, 0, 0}):
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case bytes.HasPrefix(data, []byte{0, 0, 0xFE, 0xFF}):
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return le16
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return be16
	}
	sample := data[:min(len(data), 4096)&^1]
	if len(sample) < 4 {
		return nil
	}
	var zeros [2]int
	for i, c := range sample {
		if c == 0 {
			zeros[i&1]++
		}
	}
	// Text has spaces and punctuation in every script: in UTF-16 one byte of those is zero, and the other one never is.
	few, many := len(sample)/200, len(sample)/20
	switch {
	case zeros[1] > many && zeros[0] <= few:
		return xunicode.UTF16(xunicode.LittleEndian, xunicode.IgnoreBOM)
	case zeros[0] > many && zeros[1] <= few:
		return xunicode.UTF16(xunicode.BigEndian, xunicode.IgnoreBOM)
	}
	return nil
}

// mostlyUTF8 reports whether the data is UTF-8 with some damage: in
// other encodings, sequences of several bytes that happen to be right are rare.
func mostlyUTF8(data []byte) bool {
	sample := data[:min(len(data), 1<<20)]
	right, wrong := 0, 0
	for i := 0; i < len(sample); {
		r, n := utf8.DecodeRune(sample[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			wrong++
		case n > 1:
			right++
		}
		i += n
	}
	return right > wrong || right == 0 && wrong*1000 < len(sample)
}

// isBinary reports whether more than one character in fifty, and more than two, are control characters or replacements.
func isBinary(s string) bool {
	sample := s[:min(len(s), 64<<10)]
	odd, all := 0, 0
	for _, r := range sample {
		all++
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' && r != '\f' && r != 0x1b || 0x7f <= r && r < 0xa0 {
			odd++
		}
	}
	return odd > 2 && odd*50 > all
}

// candidate is an encoding of one byte per character, with the letters beyond ASCII that its languages use, and where those
// are all letters of a script, the ones that they use most.
type candidate struct {
	encoding      encoding.Encoding
	letters, most string
}

func candidates() []candidate {
	const (
		western  = "áéíóúñüàèìòùçâêîôûäöëïßøåæœãõÿ«»¿¡“”‘’–—…€°ºª£§"
		central  = "ąćęłńóśźżčďěňřšťůžýáéíúőűăâîșțşţđľĺŕôäöü„”–—…"
		cyrillic = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ«»–—№"
		oeain    = "оеаинтсрвлкм"
		greek    = "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώ«»–—"
		aoite    = "αοιετσνηυρπκ"
		turkish  = "çğıİöşüâîû“”’–—"
		hebrew   = "אבגדהוזחטיךכלםמןנסעףפץצקרשת"
		yvhl     = "יוהלארתשנמבד"
		arabic   = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي،؟"
		alyn     = "الينمرتهودبع"
		thai     = "กขคฆงจฉชซญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮะัาำิีึืุูเแโใไ็่้๊๋์"
		anrwk    = "านรอกเงมยลวด่้"
	)
	return []candidate{ // of equals the first one wins
		{charmap.Windows1252, western, ""},
		{charmap.Windows1254, turkish, ""}, // before that of Central Europe, most of whose languages use letters that Turkish doesn't
		{charmap.Windows1251, cyrillic, oeain},
		{charmap.Windows1253, greek, aoite},
		{charmap.Windows1250, central, ""},
		{charmap.ISO8859_2, central, ""},
		{charmap.ISO8859_5, cyrillic, oeain},
		{charmap.ISO8859_15, western, ""},
		{charmap.KOI8R, cyrillic, oeain},
		{charmap.CodePage866, cyrillic, oeain},
		{charmap.Windows1255, hebrew, yvhl},
		{charmap.Windows1256, arabic, alyn},
		{charmap.ISO8859_6, arabic, alyn},
		{charmap.Windows874, thai, anrwk},
		{charmap.CodePage850, western, ""},
		{charmap.Macintosh, western, ""},
	}
}

// singleByte guesses the encoding of a text that is not Unicode: the one in which it looks most like words. Another one than that of
// Western Europe has to be better by more than its letters are by chance.
func singleByte(data []byte) encoding.Encoding {
	sample := data[:min(len(data), 64<<10)]
	var best candidate
	highest := 0
	for i, c := range candidates() {
		decoded, err := c.encoding.NewDecoder().Bytes(sample)
		if err != nil {
			continue
		}
		if score := wordlike([]rune(string(decoded)), c); i == 0 || score > highest {
			best, highest = c, score
			if i == 0 {
				highest += max(highest, 0) / 16
			}
		}
	}
	return best.encoding
}

func wordlike(text []rune, c candidate) int {
	worth := map[rune]int{}
	for _, r := range c.letters {
		w := 3
		if c.most != "" && unicode.IsLetter(r) && !strings.ContainsRune(c.most, r) {
			w = 1
		}
		worth[r], worth[unicode.ToUpper(r)] = w, w
	}
	// Of its letters only these tell Hungarian from languages of the West: those write õ without acute accents (Estonian) or before e (Portuguese).
	hungarian := strings.ContainsAny(string(text), "áéíóú") && strings.ContainsRune(c.letters, 'ő')
	score, before := 0, ' '
	for i, r := range text {
		after := ' '
		if i+1 < len(text) {
			after = text[i+1]
		}
		if r >= 0x80 {
			score += plausible(before, r, after) + worth[r]
		}
		if hungarian && (r == 'ő' || r == 'Ő') && after != 'e' {
			score += 5
		}
		before = r
	}
	return score
}

// plausible scores a character beyond ASCII by its neighbours.
func plausible(before, r, after rune) int { //nolint:cyclop // a list of cases, each a line or two; apart they would be harder to follow
	inWord := unicode.IsLetter(before) || unicode.IsLetter(after)
	switch {
	case r == utf8.RuneError || unicode.IsControl(r):
		return -10
	case unicode.IsUpper(r) && unicode.IsLower(before), unicode.IsLower(r) && unicode.IsUpper(after):
		return -4
	case (r == 'º' || r == 'ª') && unicode.IsLetter(after):
		return -4 // an ordinal that doesn't end its word
	case unicode.IsLetter(r) && unicode.IsLetter(before) && unicode.Is(unicode.Latin, r) == (before >= 0x80):
		return -3 // accents in a row, or scripts mixed in a word
	case unicode.IsLetter(r) && inWord:
		return 2
	case unicode.IsLetter(before) && unicode.IsLetter(after) && r != '’':
		return -4 // a symbol in the middle of a word
	case unicode.IsLetter(r):
		return 0
	}
	return 1
}

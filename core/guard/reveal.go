package guard

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reveal undoes disguises of characters: HTML entities become what they stand for, what is invisible goes, and letters that are
// set apart from each other come together. hidden is what was written in Unicode's tag characters, which nobody sees.
func reveal(s string) (clean, hidden string) {
	if strings.Contains(s, "&") {
		s = html.UnescapeString(s)
	}
	var out, tags strings.Builder
	out.Grow(len(s))
	for _, r := range s {
		r = unframed(r)
		switch {
		case 0xE0020 <= r && r <= 0xE007E:
			tags.WriteRune(r - 0xE0000)
		case r == utf8.RuneError || invisible(r):
		case r == '*' || r == '~': // emphasis in Markdown, which may stand inside of a word
		default:
			out.WriteRune(r)
		}
	}
	return joinSpaced(out.String()), tags.String()
}

// unframed returns the letter in a circle, a square or a small capital.
func unframed(r rune) rune {
	switch {
	case r < 0x1d00:
		return r
	case 0x24b6 <= r && r <= 0x24e9:
		return 'a' + (r-0x24b6)%26
	case 0x1f130 <= r && r <= 0x1f149, 0x1f150 <= r && r <= 0x1f169, 0x1f170 <= r && r <= 0x1f189:
		return 'a' + (r-0x1f130)%32
	case 0x1f1e6 <= r && r <= 0x1f1ff:
		return 'a' + r - 0x1f1e6
	case r == 0x2160 || r == 0x2170:
		return 'i'
	}
	const small = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ"
	i := rune(0)
	for _, c := range small {
		if c == r {
			return 'a' + i
		}
		i++
	}
	return r
}

func invisible(r rune) bool {
	if r < 0x80 {
		return r < ' ' && r != '\n' && r != '\t' && r != '\r'
	}
	return unicode.Is(unicode.Cf, r) || r == 0x034f || r == 0x115f || r == 0x3164 || 0xfe00 <= r && r <= 0xfe0f
}

// fewestSpaced is how many letters in a row must stand apart to be a disguise.
const fewestSpaced = 6

// joinSpaced brings the letters of words such as "i g n o r e" together. The separator that comes first in a run stands between
// letters, any other one between words.
func joinSpaced(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	for i := 0; i < len(s); {
		_, size := utf8.DecodeRuneInString(s[i:])
		if i+size < len(s) && separates(s[i+size]) && !wordBefore(s, i) {
			if end, joined := spacedRun(s[i:]); end > 0 {
				out.WriteString(joined)
				i += end
				continue
			}
		}
		out.WriteString(s[i : i+size])
		i += size
	}
	return out.String()
}

// separates reports whether a byte may stand between letters that are set apart.
func separates(b byte) bool { return strings.IndexByte(" .-_|/,\n", b) >= 0 }

func wordBefore(s string, at int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:at])
	return at > 0 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// spacedRun reads a run of single letters at the beginning of s. end is 0 when there is none that is long enough.
func spacedRun(s string) (end int, joined string) {
	var b strings.Builder
	var separator byte
	letters := 0
	for at := 0; ; letters++ {
		size := singleLetter(s[at:])
		if size == 0 {
			break
		}
		b.WriteString(s[at : at+size])
		at += size
		end = at
		gap := at
		for gap < len(s) && gap-at < 4 && separates(s[gap]) {
			gap++
		}
		if gap == at {
			letters++
			break
		}
		if separator == 0 {
			separator = s[at]
		}
		if gap-at > 1 || s[at] != separator {
			b.WriteByte(' ')
		}
		at = gap
	}
	if letters < fewestSpaced {
		return 0, ""
	}
	return end, b.String()
}

// singleLetter is the length of a letter or digit at the beginning of s which no other one follows; 0 when there is none.
func singleLetter(s string) int {
	r, size := utf8.DecodeRuneInString(s)
	next, _ := utf8.DecodeRuneInString(s[size:])
	if size == 0 || !inWord(r) || len(s) > size && inWord(next) {
		return 0
	}
	return size
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// looksLike maps letters of other scripts to the Latin ones that they are mistaken for.
func looksLike(r rune) (rune, bool) {
	const other = "аеорсхуіјѕԁԛԝвнкмтɡαεινορτυχκ"
	const latin = "aeopcxyijsdqwbhkmtgaeivoptuxk"
	i := 0
	for _, o := range other {
		if o == r {
			return rune(latin[i]), true
		}
		i++
	}
	return 0, false
}

// plainLetters replaces letters that look like Latin ones in a word that has Latin ones too, or nothing else.
func plainLetters(word string) (plain string, disguised bool) {
	if isASCII(word) {
		return word, false
	}
	var b strings.Builder
	ascii := false
	for _, r := range word {
		if l, ok := looksLike(r); ok {
			b.WriteRune(l)
			disguised = true
			continue
		}
		ascii = ascii || r < 0x80
		if r >= 0x80 {
			return word, false // of another script in earnest
		}
		b.WriteRune(r)
	}
	return b.String(), disguised && ascii
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

var leet = strings.NewReplacer("4", "a", "3", "e", "1", "i", "0", "o", "5", "s", "7", "t", "@", "a", "$", "s")

// unleet reads digits as the letters that they resemble, in a word that has both.
func unleet(word string) (string, bool) {
	digits, letters := false, false
	for i := range len(word) {
		switch c := word[i]; {
		case '0' <= c && c <= '9' || c == '@' || c == '$':
			digits = true
		case 'a' <= c && c <= 'z':
			letters = true
		}
	}
	if !digits || !letters {
		return word, false
	}
	return leet.Replace(word), true
}

// runs returns the longest pieces of s that consist of some characters, if they have at least so many; not too many of them.
func runs(s string, of func(byte) bool, least int) []string {
	var out []string
	from := 0
	for i := 0; i <= len(s) && len(out) < maxDecoded; i++ {
		if i < len(s) && of(s[i]) {
			continue
		}
		if i-from >= least {
			out = append(out, s[from:i])
		}
		from = i + 1
	}
	return out
}

func isBase64(b byte) bool { return isAlphanumeric(b) || strings.IndexByte("+/_-", b) >= 0 }

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F' || b == ' ' || b == ','
}

// encoded judges what a text has in base64 and ROT13, and what it had in invisible characters.
func (d *Detector) encoded(clean, hidden string) []match {
	var out []match
	add := func(s string, weight float64) {
		if s != "" && d.suspects(s) {
			out = append(out, match{pattern: Encoded, rule: -1, weight: weight})
		}
	}
	for _, run := range runs(clean, isBase64, 24) {
		add(decode64(run), mostPerPattern)
	}
	for _, turned := range turnedAround(clean) {
		add(turned, mostPerPattern)
	}
	if hidden != "" {
		out = append(out, match{pattern: HiddenText, rule: -2, weight: 2})
		add(hidden, mostPerPattern)
	}
	return out
}

// turnedAround returns the readings of a text as ROT13, backwards, in hexadecimal numbers and in the escapes of URLs and JSON,
// each only where there is a sign of it.
func turnedAround(s string) []string {
	var out []string
	lower := strings.ToLower(s)
	has := func(signs ...string) bool {
		return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(lower, sign) })
	}
	if has("rot13", "rot-13", "vafgeh", "cebzcg") { // instru, prompt
		out = append(out, strings.Map(rot13, s))
	}
	if has("snoitcurtsn", "senoiccurtsn", "tpmorp") { // instructions, instrucciones, prompt
		runes := []rune(s)
		slices.Reverse(runes)
		out = append(out, string(runes))
	}
	if strings.Count(s, "%") >= 8 {
		if plain, err := url.PathUnescape(strings.Join(escapedRun.FindAllString(s, -1), " ")); err == nil {
			out = append(out, plain)
		}
	}
	if strings.Count(lower, `\u00`) >= 8 {
		out = append(out, unicodeEscape.ReplaceAllStringFunc(s, unescape))
	}
	for _, run := range runs(s, isHex, 32) {
		if raw, err := hex.DecodeString(strings.Map(hexDigit, run)); err == nil && utf8.Valid(raw) {
			out = append(out, string(raw))
		}
	}
	return out
}

var (
	escapedRun    = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9.+_-])*%[0-9A-Fa-f]{2}`)
	unicodeEscape = regexp.MustCompile(`\\u00[0-9A-Fa-f]{2}`)
)

// unescape reads \u0041 as A.
func unescape(s string) string {
	raw, err := hex.DecodeString(s[len(s)-2:])
	if err != nil {
		return s // not reachable: the expression takes hexadecimal digits only
	}
	return string(rune(raw[0]))
}

func hexDigit(r rune) rune {
	if r == ' ' || r == ',' {
		return -1
	}
	return r
}

// maxDecoded bounds how many encoded passages of a text are looked into.
const maxDecoded = 20

// decode64 returns the text that s encodes, or "" when it encodes none.
func decode64(s string) string {
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	if len(s)%4 == 1 {
		s = s[:len(s)-1] // no encoding has such a length; the last character belongs to something else
	}
	raw, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(raw) {
		return ""
	}
	return string(raw)
}

func rot13(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return 'a' + (r-'a'+13)%26
	case 'A' <= r && r <= 'Z':
		return 'A' + (r-'A'+13)%26
	}
	return r
}

package parse

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestDecodeTextFindsTheEncoding(t *testing.T) {
	t.Parallel()
	const (
		spanish = "¿Cuántos días de vacaciones corresponden al año? La señora Núñez pidió información: «veintisiete»."
		german  = "Größere Änderungen müssen über die Geschäftsführung laufen. Öffnungszeiten für Gäste."
		polish  = "Każdy pracownik zgłasza nieobecność przełożonemu. Zażółć gęślą jaźń, proszę."
		czech   = "Příliš žluťoučký kůň úpěl ďábelské ódy. Zaměstnanec má nárok na dovolenou."
		turkish = "Çalışanların yıllık ücretli izin hakkı, işe başladıkları günden itibaren bir yıl sonra doğar. İŞÇİ örgütleri savaş ilan etti."
		magyar  = "A munkavállalónak évente húsz nap szabadság jár, amelyet előre egyeztetni kell. Űrlap, bővítés."
		french  = "Où est passé le coût de la tâche ? La forêt brûle, hélas, et l'âne s'est sûrement enfui."
		lusa    = "As ações e opiniões não são lições; porém, cada nação põe as suas razões à mesa."
		eesti   = "Õpilased sõidavad põllule, kus võõras mõõdab jõge ja öösel näeb sõpru."
		romana  = "Fiecare angajat are dreptul la douăzeci şi cinci de zile de concediu plătit în fiecare an, fără întrerupere."
		russian = "Каждый сотрудник имеет право на двадцать восемь дней отпуска в году."
		greek   = "Κάθε εργαζόμενος έχει δικαίωμα σε είκοσι πέντε ημέρες άδειας τον χρόνο."
		hebrew  = "כל עובד זכאי לעשרים ימי חופשה בשנה."
		arabic  = "لكل موظف الحق في عشرين يوما من الإجازة في السنة."
		thai    = "พนักงานทุกคนมีสิทธิ์ลาพักร้อนปีละยี่สิบวัน"
		chinese = "每个工作人员每年有二十天的假期。"
		taiwan  = "每個工作人員每年有二十天的假期。"
		nippon  = "社員は年に二十日の休暇を取ることができる。"
		hangul  = "모든 직원은 일 년에 이십 일의 휴가를 받을 수 있다."
		english = "The fee is £12 – “see the naïve café” – and 5 € more…"
	)
	cases := map[string]struct {
		encoding encoding.Encoding
		text     string
	}{
		"windows-1252 French":     {charmap.Windows1252, french},
		"windows-1252 Portuguese": {charmap.Windows1252, lusa},
		"windows-1252 Estonian":   {charmap.Windows1252, eesti},
		"windows-1254 Turkish":    {charmap.Windows1254, turkish},
		"windows-1250 Hungarian":  {charmap.Windows1250, magyar},
		"windows-1250 Romanian":   {charmap.Windows1250, romana},
		"utf-8":                   {unicode.UTF8, spanish},
		"utf-8 with mark":         {unicode.UTF8BOM, spanish},
		"utf-16 le":               {unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), german},
		"utf-16 be":               {unicode.UTF16(unicode.BigEndian, unicode.UseBOM), german},
		"utf-16 le unmarked":      {unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), spanish},
		"utf-16 be unmarked":      {unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), spanish},
		"utf-16 Russian":          {unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), russian},
		"windows-1252 de":         {charmap.Windows1252, german},
		"windows-1252 en":         {charmap.Windows1252, english},
		"iso-8859-1":              {charmap.ISO8859_1, spanish},
		"windows-1250":            {charmap.Windows1250, polish},
		"windows-1250 cs":         {charmap.Windows1250, czech},
		"iso-8859-2":              {charmap.ISO8859_2, polish},
		"windows-1251":            {charmap.Windows1251, russian},
		"iso-8859-5":              {charmap.ISO8859_5, russian},
		"koi8-r":                  {charmap.KOI8R, russian},
		"windows-1253":            {charmap.Windows1253, greek},
		"codepage 866":            {charmap.CodePage866, russian},
		"macintosh":               {charmap.Macintosh, spanish},
		"windows-1255":            {charmap.Windows1255, hebrew},
		"windows-1256":            {charmap.Windows1256, arabic},
		"iso-8859-6":              {charmap.ISO8859_6, arabic},
		"windows-874":             {charmap.Windows874, thai},
		"gb18030":                 {simplifiedchinese.GB18030, chinese},
		"big5":                    {traditionalchinese.Big5, taiwan},
		"shift jis":               {japanese.ShiftJIS, nippon},
		"euc-jp":                  {japanese.EUCJP, nippon},
		"iso-2022-jp":             {japanese.ISO2022JP, nippon},
		"euc-kr":                  {korean.EUCKR, hangul},
		"utf-16 Chinese le":       {unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), chinese},
		"utf-16 Japanese be":      {unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), nippon},
		"utf-16 Korean le":        {unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), hangul},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := c.encoding.NewEncoder().Bytes([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := decodeText(data); err != nil || got != c.text {
				t.Errorf("decodeText = %q, %v; want %q", got, err, c.text)
			}
		})
	}
}

func TestDecodeTextRepairsAFewBadBytes(t *testing.T) {
	t.Parallel()
	got, err := decodeText([]byte("señor, año, mañana, niño\xff\r\nday\rnight"))
	if want := "señor, año, mañana, niño\uFFFD\nday\nnight"; err != nil || got != want {
		t.Errorf("decodeText = %q, %v; want %q", got, err, want)
	}
}

func TestDecodeTextRefusesWhatIsNoText(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"\x7fELF\x02\x01\x01\x00\x00\x00", strings.Repeat("\x80\x01\x02", 100)} {
		if got, err := decodeText([]byte(s)); err == nil {
			t.Errorf("decodeText(%q) = %q, want an error", s, got)
		}
	}
}

func TestLettersThatWereStruckTwiceAreOne(t *testing.T) {
	t.Parallel()
	if got, err := decodeText([]byte("N\bNA\bAM\bME\bE\n  _\bf_\bi_\bl_\be\n")); err != nil || got != "NAME\n  file\n" {
		t.Errorf("decodeText = %q, %v", got, err)
	}
}

func FuzzDecodeText(f *testing.F) {
	f.Add([]byte("plain"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Add([]byte("caf\xe9"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := decodeText(data); err == nil && !utf8.ValidString(s) {
			t.Errorf("decodeText(%q) = %q, which is not UTF-8", data, s)
		}
	})
}

package parse

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	xunicode "golang.org/x/text/encoding/unicode"
)

// The characters that make up about half of what is written in Chinese, in both of its scripts, in Japanese and in Korean. In a
// text that is decoded as what it isn't, hardly any are among these.
const frequent = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成" +
	"事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话者向情部正名定女问力机给等" +
	"几业最间新什便位因重被走电四第门相次东政海口使教西再平真世气信北少关并内加化由却代产入先山五水万市体别处总场师书比住员性通目报立数件安表原车应路期常金何更反合" +
	"放系计或司利受光果界及今京务制解各任至物台记边共接特直服建南度统色字请交认算论百科元社术结六功指思非流每管连资条院变联权往展该领传近治决保达办运必城完区求品量技" +
	"程告语基式收持取设始商千容改议形委单据际则组造视费须作天米船过灯频第" +
	"這個們來為國時會過學對後麼於還發當無開經頭動兩長樣現將與進實點種聲話問機給幾業間電門東氣關並內產萬體處總場師書員報數應車記邊認論術結連條變聯權該領傳決達辦運" +
	"議見合定回選立代円決表戦調田約題首意法来性要治強成協都話世県続改初午指支派済府活得予川査勝面軍判画参売知案策集団側引所半昨増係感情投示打男私島両朝革価確村提終" +
	"勢減広応歳争談能企格有疑局税検町校料状営空職証土急止送援供可役構木割聞身付施切説転食難防補優研断井違消番規護態導備害配副視独警育席輸起着店述残想線率病農質念試域助" +
	"이다는을의가에고하지로사도기어한들서리나시자은그인대아수정해일스보전여부라제있것안구상원주과동장조유오우만으니면요성며금"

// wide are the encodings of more than one byte per character that come without a mark. Of equals the first one wins.
func wide() []encoding.Encoding {
	return []encoding.Encoding{
		japanese.ShiftJIS, japanese.EUCJP, simplifiedchinese.GB18030, traditionalchinese.Big5, korean.EUCKR,
		xunicode.UTF16(xunicode.LittleEndian, xunicode.IgnoreBOM), xunicode.UTF16(xunicode.BigEndian, xunicode.IgnoreBOM),
	}
}

// eastern finds the encoding of a text in Chinese, Japanese or Korean that is not UTF-8; nil when it is none.
func eastern(data []byte) encoding.Encoding {
	if bytes.Contains(data, []byte("\x1b$B")) || bytes.Contains(data, []byte("\x1b$@")) {
		return japanese.ISO2022JP
	}
	common := make(map[rune]bool, len(frequent)/3)
	for _, r := range frequent {
		common[r] = true
	}
	sample := data[:min(len(data), 16<<10)]
	var best encoding.Encoding
	highest := 0.3 // of the characters; the share that a true text never falls below
	for _, e := range wide() {
		decoded, err := e.NewDecoder().Bytes(sample)
		if err != nil {
			continue
		}
		if share := easternShare(string(decoded), common); share > highest {
			best, highest = e, share
		}
	}
	return best
}

// easternShare is the part of the characters beyond ASCII which are usual in the languages of East Asia; 0 when something speaks
// against them.
func easternShare(s string, common map[rune]bool) float64 {
	s = strings.TrimRight(s, "\uFFFD") // the sample may end within a character
	usual, all := 0.0, 0
	before := ' '
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r) || unicode.Is(unicode.Co, r) {
			return 0
		}
		if r >= 0x80 {
			all++
			usual += easternWeight(r, common)
			if before < 0x80 && unicode.IsLower(before) { // as an accent would stand
				usual--
			}
		}
		before = r
	}
	if all < 4 {
		return 0
	}
	return usual / float64(all)
}

func easternWeight(r rune, common map[rune]bool) float64 {
	switch {
	case r >= 0xFF61 && r <= 0xFF9F: // kana of half the width, which any byte of Shift JIS may be
		return -0.5
	case unicode.In(r, unicode.Hiragana, unicode.Katakana), r == 'ー', common[r]:
		return 1
	case unicode.In(r, unicode.Han, unicode.Hangul):
		return 0
	case strings.ContainsRune("、。，．；：？！「」（）・", r):
		return 0.5
	case unicode.IsLetter(r):
		return -1
	}
	return 0
}

package text

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/abadojack/whatlanggo"
)

// What Detect reads of a text, in bytes.
const (
	sampleHead   = 4096
	sampleMiddle = 1024
)

// enoughWords is how many words a text needs for the share of its stop words and its trigrams to be reliable.
const enoughWords = 40

// Detect returns the language that s is written in, or Simple when it is another one or there is too little to tell. It
// reads the beginning of a long text and a piece of its middle.
//
// Stop words, telling letters and endings vote, which is what works on a question of a few words; trigrams vote along.
func Detect(s string) Language {
	s = sample(s)
	if whatlanggo.DetectScript(s) != unicode.Latin {
		return Simple
	}
	v := newVotes(s)
	best, second := v.leaders()
	if v.words >= enoughWords {
		if v.sum[best] > 0.25*float64(v.words) && v.sum[best] > 2*v.sum[second] {
			return candidate(best)
		}
		if v.isForeign(s) {
			return Simple
		}
	}
	v.addTrigrams(s)
	if best, second = v.leaders(); v.sum[best] < 0.4 || v.sum[best] < 1.15*v.sum[second] {
		return Simple
	}
	return candidate(best)
}

// sample returns what Detect reads of s.
func sample(s string) string {
	if len(s) <= sampleHead+2*sampleMiddle {
		return s
	}
	middle := len(s) / 2
	for !utf8.RuneStart(s[middle]) && middle > sampleHead {
		middle--
	}
	return cutAt(s, sampleHead) + " " + cutAt(s[middle:], sampleMiddle)
}

// candidates are the languages that Detect knows, in the order in which votes counts them.
const candidates = "en es pt fr de it"

// candidate returns the language with number i.
func candidate(i int) Language { return Language(candidates[3*i : 3*i+2]) }

// ballot holds a number for each candidate.
type ballot [6]float64

// votes counts what speaks for each language.
type votes struct {
	words int
	sum   ballot
}

// newVotes counts the stop words, endings and letters of s.
func newVotes(s string) votes {
	var v votes
	signs := signsOfLanguage()
	for word := range strings.FieldsFuncSeq(strings.ToLower(s), isBetweenWords) {
		v.words++
		word = strings.ReplaceAll(word, "’", "'")
		v.sum = v.sum.plus(signs.words[word])
		if _, article, elided := strings.Cut(word, "'"); elided {
			v.sum = v.sum.plus(signs.words[strings.TrimSuffix(word, article)])
		}
		for n := 1; n <= 6; n++ {
			if len(word) > n+1 {
				v.sum = v.sum.plus(signs.endings[word[len(word)-n:]])
			}
		}
	}
	for _, r := range s {
		if r >= 0x80 {
			v.sum = v.sum.plus(signs.letters[unicode.ToLower(r)])
		}
	}
	return v
}

func isBetweenWords(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) && r != '\'' && r != '’'
}

// plus returns the sum of two ballots.
func (b ballot) plus(other ballot) ballot {
	for i := range b {
		b[i] += other[i]
	}
	return b
}

// isForeign reports whether the trigrams of a long text are surely those of a language that is no candidate.
func (v *votes) isForeign(s string) bool {
	info := whatlanggo.Detect(s)
	if info.IsReliable() && !strings.Contains(candidates, info.Lang.Iso6391()) {
		return true
	}
	best, _ := v.leaders()
	return v.sum[best] < 0.08*float64(v.words)
}

// addTrigrams lets the trigrams vote. Few of them say little.
func (v *votes) addTrigrams(s string) {
	info := whatlanggo.DetectWithOptions(s, whatlanggo.Options{Whitelist: map[whatlanggo.Lang]bool{
		whatlanggo.Eng: true, whatlanggo.Spa: true, whatlanggo.Por: true,
		whatlanggo.Fra: true, whatlanggo.Deu: true, whatlanggo.Ita: true,
	}})
	if info.Confidence <= 0 {
		return // a tie, which whatlanggo breaks at random
	}
	if at := strings.Index(candidates, info.Lang.Iso6391()); at >= 0 {
		v.sum[at/3] += info.Confidence * min(1, float64(v.words)/6)
	}
}

// leaders returns the numbers of the two candidates with the most votes.
func (v *votes) leaders() (best, second int) {
	second = 1
	if v.sum[1] > v.sum[0] {
		best, second = 1, 0
	}
	for i := 2; i < len(v.sum); i++ {
		switch {
		case v.sum[i] > v.sum[best]:
			best, second = i, best
		case v.sum[i] > v.sum[second]:
			second = i
		}
	}
	return best, second
}

// signs are the marks by which languages are told.
type signs struct {
	words   map[string]ballot // a stop word of several languages is a fraction of a vote for each
	endings map[string]ballot
	letters map[rune]ballot
}

// signsOfLanguage is made once, on first use.
var signsOfLanguage = sync.OnceValue(func() signs {
	s := signs{words: make(map[string]ballot), endings: make(map[string]ballot), letters: make(map[rune]ballot)}
	for _, list := range stopLists() {
		for word := range list {
			s.words[word] = stopVote(word)
		}
	}
	for _, telling := range tellingSigns() {
		var b ballot
		for language := range strings.FieldsSeq(telling.languages) {
			b[strings.Index(candidates, language)/3] = telling.weight
		}
		for word := range strings.FieldsSeq(telling.words) {
			s.words[word] = s.words[word].plus(b)
		}
		for ending := range strings.FieldsSeq(telling.endings) {
			s.endings[ending] = s.endings[ending].plus(b)
		}
		for _, letter := range telling.letters {
			s.letters[letter] = s.letters[letter].plus(b)
		}
	}
	return s
})

func stopVote(word string) ballot {
	var b ballot
	in := 0.0
	for i := range b {
		if stopLists()[candidate(i)][word] {
			b[i] = 1
			in++
		}
	}
	for i := range b {
		b[i] /= in
	}
	return b
}

// sign says how much some words, ends of words and letters speak for some languages.
type sign struct {
	languages               string
	weight                  float64
	words, endings, letters string
}

// tellingSigns are frequent words that are no stop words, endings of words, and letters that speak for some languages.
func tellingSigns() []sign {
	return []sign{
		{"en", 0.7, "more most many much few first new use used make need want get give tell show find year years people", "", ""},
		{"en", 0.6, "", "ing ness ght n't 's ity", ""},
		{"en", 0.3, "", "ed ly th ck ions ism ic ous cy ry sh", ""},
		{"en fr", 0.3, "", "tion able nce", ""},
		{"en", 0.2, "", "ts ls ns rs ds ses w y", ""},
		{"en fr es", 0.2, "", "sion", ""},
		{"es", 0.7, "tiene tienen tengo necesito quiero dice dicen dame dime año años días ley mayor mejor", "", ""},
		{"es", 1, "", "ción ciones cion ería ñol", "ñ¿¡"},
		{"es", 0.4, "", "dad dades ado ados ando iendo ía sión", "áíóú"},
		{"es pt", 0.2, "dia dias empresa", "os as dor dora", ""},
		{"pt", 0.7, "tem tenho preciso quero diz ano anos lei maior melhor", "", ""},
		{"pt", 1, "", "ção ções dade dades ões", "ãõ"},
		{"pt", 0.3, "", "eiro eira inho agem", "êçâ"},
		{"fr", 0.7, "jour jours an ans année travail loi premier première mieux", "", ""},
		{"fr", 0.6, "", "eux euse ique ement eau aux", "œêèçûîù"},
		{"fr es pt", 0.2, "", "", "é"},
		{"de", 0.7, "tag tage jahr jahre viel viele mehr gibt erste", "ung ungen keit heit isch lich schaft", "ßöä"},
		{"de", 0.4, "", "ten gen", "ü"},
		{"it", 0.7, "giorno giorni anno anni lavoro legge primo primi", "", ""},
		{"it", 0.8, "", "zione zioni ità gli ggio", "ìò"},
		{"it", 0.3, "", "tto tta cchi", "èù"},
	}
}

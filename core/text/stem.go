package text

import (
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/spanish"
)

// stemmer brings the inflected forms of a word together.
//
// A word must meet its own spelling without accents, since people type questions that way, so the stem may depend on the
// folded word alone. But the Snowball algorithms know some endings only with their accents. So the accents of those
// endings that leave little doubt are put back first: "informacion" and "información" both go through the latter.
type stemmer struct {
	run     func(*snowballstem.Env) bool // nil for a language without stemming
	endings []ending
	env     *snowballstem.Env
	spanish bool
}

// ending is an ending of folded words and the spelling with accents that it is stemmed by. The first that fits counts.
type ending struct{ folded, accented string }

func newStemmer(l Language) stemmer {
	s := stemmer{env: snowballstem.NewEnv("")}
	switch l {
	case English:
		s.run = english.Stem
	case Spanish:
		s.run, s.endings, s.spanish = spanish.Stem, spanishEndings(), true
	case Portuguese:
		s.run, s.endings = portuguese.Stem, portugueseEndings()
	case French:
		s.run, s.endings = french.Stem, frenchEndings()
	case German:
		s.run = german.Stem
	case Italian:
		s.run, s.endings = italian.Stem, italianEndings()
	case Simple:
	}
	return s
}

func spanishEndings() []ending {
	return []ending{
		{"acion", "ación"},
		{"ucion", "ución"},
		{"logia", "logía"},
		{"logias", "logías"},
		{"ian", "ían"},
		{"iamos", "íamos"},
		{"abamos", "ábamos"},
	}
}

func portugueseEndings() []ending {
	return []ending{
		{"cao", "ção"},
		{"coes", "ção"},
		{"ao", "ão"},
		{"oes", "ão"},
		{"aes", "ão"},
		{"encia", "ência"},
		{"encias", "ências"},
		{"ancia", "ância"},
		{"ancias", "âncias"},
		{"avel", "ável"},
		{"ivel", "ível"},
		{"aveis", "ável"},
		{"iveis", "ível"},
	}
}

func frenchEndings() []ending {
	return []ending{
		{"ee", "ée"}, {"ees", "ées"}, {"ite", "ité"}, {"ites", "ités"}, {"iere", "ière"}, {"ieres", "ières"},
	}
}

func italianEndings() []ending { return []ending{{"ita", "ità"}} }

// stem returns the stem of a folded word of Latin letters.
func (s stemmer) stem(word string) string {
	if s.run == nil || len(word) < 3 {
		return word
	}
	s.env.SetCurrent(s.accent(word))
	s.run(s.env)
	stem := fold(s.env.Current())
	if s.spanish && len(stem) > 3 {
		stem = strings.TrimSuffix(stem, "i") // vivió is "viv" like vivir, so vivio must be
	}
	return stem
}

// accent puts the accent back on the ending of word.
func (s stemmer) accent(word string) string {
	for _, e := range s.endings {
		if len(word) > len(e.folded)+1 && strings.HasSuffix(word, e.folded) {
			return word[:len(word)-len(e.folded)] + e.accented
		}
	}
	return word
}

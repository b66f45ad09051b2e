package text

import "strings"

// Language is a language as the analysis of terms tells them apart, by its ISO 639-1 code.
type Language string

// The languages whose stop words and inflections are known. Simple stands for any other: its words are taken as they
// are.
const (
	English    Language = "en"
	Spanish    Language = "es"
	Portuguese Language = "pt"
	French     Language = "fr"
	German     Language = "de"
	Italian    Language = "it"
	Simple     Language = "simple"
)

// ParseLanguage returns the language with that name: an ISO 639 code of two or three letters, also with a region
// ("es-AR", "pt_BR"), or a name in English or in the language itself ("spanish", "español"). Case doesn't matter.
// Anything else is Simple.
func ParseLanguage(name string) Language {
	name, _, _ = strings.Cut(strings.ReplaceAll(strings.TrimSpace(strings.ToLower(name)), "_", "-"), "-")
	switch fold(name) {
	case "en", "eng", "english":
		return English
	case "es", "spa", "spanish", "espanol", "castellano", "castilian":
		return Spanish
	case "pt", "por", "portuguese", "portugues":
		return Portuguese
	case "fr", "fra", "fre", "french", "francais":
		return French
	case "de", "deu", "ger", "german", "deutsch":
		return German
	case "it", "ita", "italian", "italiano":
		return Italian
	}
	return Simple
}

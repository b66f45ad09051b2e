package offline

import (
	"slices"
	"strings"

	"github.com/ragcorp/ragcorp/core/text"
)

// Word lists in English and Spanish, without accents.
const (
	// generalWords say what sort of thing is asked for; the answer itself need not contain them.
	generalWords = `ano fecha siglo dia mes epoca decada periodo nombre tipo clase persona gente lugar sitio pais ciudad
		numero cantidad porcentaje cifra palabra termino ejemplo cosa forma manera parte motivo razon
		llamar llama llamaba conoce conocido ocurrir ocurrio suceder sucedio pasar paso encontrar encuentra encontraba
		tener tiene tenia tuvo dar dio usar usa utilizar utiliza significa decir dice dijo considerar considera
		necesitar necesita necesito querer quiere quiero
		year date century day month decade period name type kind person people place country city number amount percentage
		figure word term example thing way part reason call called known happen happened find found located get use used
		mean say said give given take make made consider considered become became
		many much need needed want wanted`

	numberWords = `dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cien cientos mil miles millon
		millones mitad tercio cuarto doble primer primera segundo segunda
		two three four five six seven eight nine ten eleven twelve twenty thirty hundred hundreds thousand thousands million
		millions billion half third quarter double twice first second`

	timeWords = `enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre siglo decada
		january february march april may june july august september october november december century decade
		lunes martes miercoles jueves viernes sabado domingo monday tuesday wednesday thursday friday saturday sunday`

	reasonWords = `porque debido causa gracias motivo razon culpa pues permitia permite
		because due since thus reason cause caused therefore`
)

func fields(list string) []string { return strings.Fields(list) }

// isGeneral reports whether a word, or its plural, is one of generalWords.
func isGeneral(folded string) bool {
	general := fields(generalWords)
	return slices.Contains(general, folded) || slices.Contains(general, strings.TrimSuffix(folded, "s")) ||
		slices.Contains(general, strings.TrimSuffix(folded, "es"))
}

// offers reports whether a sentence holds something of the kind that is asked for and that isn't in the question already.
func (q question) offers(words []word) bool {
	switch q.kind {
	case person, place:
		return q.offersName(words)
	case moment:
		return hasAny(words, timeWords) || slices.ContainsFunc(words, func(w word) bool {
			return isYear(w.folded) && !q.has(w.folded)
		})
	case amount:
		return hasAny(words, numberWords) || slices.ContainsFunc(words, func(w word) bool {
			return hasDigit(w.folded) && !q.has(w.folded)
		})
	case reason:
		return hasAny(words, reasonWords)
	case anything:
	}
	return false
}

func hasAny(words []word, list string) bool {
	wanted := fields(list)
	return slices.ContainsFunc(words, func(w word) bool { return slices.Contains(wanted, w.folded) })
}

// offersName reports whether there is a capital letter in the middle of a clause, in a word that the question lacks.
func (q question) offersName(words []word) bool {
	for i, w := range words {
		inside := !w.opens || i+1 < len(words) && words[i+1].capital && !words[i+1].opens
		if w.capital && inside && !q.hasWord(w.folded) {
			return true
		}
	}
	return false
}

// hasWord reports whether a word stands in the question in any form.
func (q question) hasWord(folded string) bool {
	terms := text.Analyse(q.language, folded)
	return len(terms) == 0 || q.has(terms[0].Term)
}

// isYear reports whether a word is a year between 1000 and 2199, or several such as in 1990s.
func isYear(folded string) bool {
	digits := strings.TrimSuffix(folded, "s")
	return len(digits) == 4 && strings.Trim(digits, "0123456789") == "" && digits >= "1000" && digits < "2200"
}

package text

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func terms(language Language, s string) []string {
	out := []string{}
	for _, token := range Analyse(language, s) {
		out = append(out, token.Term)
	}
	return out
}

func TestAnalyseGivesTheUsefulTerms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		language Language
		in, want string // terms with spaces between
	}{
		{English, "", ""},
		{English, "What are the effects of running?", "effect run"},
		{English, "I don’t think it's the patient's, isn't it? They're O'Brien's.", "think patient obrien"},
		{English, "IL-6 and COVID-19", "il 6 il6 covid 19 covid19"},
		{English, "SARS-CoV-2", "sar cov 2 cov2 sarscov2"},
		{English, "e-mail state-of-the-art 2019-2020", "e mail email state art 2019 2020"},
		{English, "R&D at AT&T", "r d rd t att"},
		{English, "C++, C# and user_id", "c cplusplus c csharp user id userid"},
		{English, "mail john.doe@example.com", "mail john doe exampl com"},
		{English, "3.5 1,000,000 3,500 3.500 1.2.3 1,234.56 1990s v1.2", "3.5 1000000 3500 3.500 1.2.3 1234.56 1990 v1.2"},
		{English, "the U.S., the US and us; e.g. IT or WHO", "us us it who"},
		{English, "WHAT IS IT TO US", ""},
		{English, "ﬁnance x² Ａ１ İ naïve Straße", "financ x 2 a1 naiv strass"},
		{Spanish, "¿Cuáles son las canciones más conocidas de México?", "cancion conoc mexic"},
		{Spanish, "3.500 y 3,5 y 1.234,56", "3500 3.5 1234.56"},
		{Spanish, "té con limón", "te limon"},
		{French, "l’homme qu'il aime aujourd'hui", "homm aim aujourd hui"},
		{Italian, "dell'università c'è", "univers"},
		{German, "Die Häuser der Straße", "haus strass"},
		{Portuguese, "as informações são novas", "inform nov"},
		{Simple, "The quick-witted foxes", "the quick witted quickwitted foxes"},
		{Simple, "東京都 x 語", "東 東京 京 京都 都 x 語"},
		{Simple, "ภาษา", "ภา าษ ษา"},
		{Simple, "한국어 書き", "한국 국어 書 書き"},
		{Simple, "Ελλάδας ёлка", "ελλαδασ елка"},
		{English, "... -- !? \n\t ©", ""},
	} {
		if diff := cmp.Diff(strings.Fields(c.want), terms(c.language, c.in)); diff != "" {
			t.Errorf("Analyse(%s, %q):\n%s", c.language, c.in, diff)
		}
	}
}

func TestAWordMeetsItsInflectionsAndItsSpellingWithoutAccents(t *testing.T) {
	t.Parallel()
	for language, groups := range map[Language]string{
		English: `cell cells; infect infected infecting; therapy therapies; effective effectively; history histories`,
		Spanish: `canción cancion canciones CANCIÓN; acción accion acciones; información informacion; constitución
			constitucion constituciones; tecnología tecnologia tecnologías; tenía tenia tener tenían tenian; vivió vivio vivir
			vivían; llegó llego llegar llegaron; hablará hablara hablar hablarán hablaran; económico economico económica
			económicos; árbol arbol árboles arboles; rápidamente rapidamente; rápido rapido rápidos; país pais países paises; niño niños nino;
			universidad universidades; francés frances; población poblacion poblaciones; comunicación comunicaciones;
			ganó gano ganar ganaron; recibió recibio recibir; médico medico médicos; después despues`,
		Portuguese: `informação informacao informações informacoes; ação acao ações acoes; ciência ciencia ciências;
			possível possivel; município municipio municípios; região regiao regiões regioes; útil util`,
		French: `développé developpe développer développée developpee; activité activite activités; première premiere
			premier; problème probleme problèmes; été ete; château chateau châteaux`,
		German:  `Häuser Hauser Haus; Universität Universitat Universitäten; Größe Grosse`,
		Italian: `città citta; università universita; perché perche; attività attivita; libro libri`,
	} {
		for group := range strings.SplitSeq(groups, ";") {
			var got []string
			for word := range strings.FieldsSeq(group) {
				got = append(got, strings.Join(terms(language, word), " "))
			}
			if got = slices.Compact(got); len(got) > 1 {
				t.Errorf("%s: %s have the terms %q, want one", language, strings.Join(strings.Fields(group), ", "), got)
			}
		}
	}
}

func TestTokensPointAtWhatTheyWereMadeOf(t *testing.T) {
	t.Parallel()
	s := "Él comió IL-6, el niño."
	var got []string
	for _, token := range Analyse(Spanish, s) {
		got = append(got, token.Term+"="+s[token.Start:token.End])
	}
	want := []string{"com=comió", "il=IL", "6=6", "il6=IL-6", "nin=niño"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLongWordsAreCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	for _, word := range []string{strings.Repeat("a", 1000), strings.Repeat("ж", 1000), strings.Repeat("1", 1000)} {
		got := terms(Simple, word)
		if len(got) != 1 || len(got[0]) > 64 || !strings.HasPrefix(word, got[0]) {
			t.Errorf("%d bytes of %q give %q", len(word), word[:2], got)
		}
	}
}

func BenchmarkAnalyse(b *testing.B) {
	english := "The transcription factor regulates the expression of genes that are involved in inflammatory responses. " +
		"Patients with chronic disease (n = 120) were treated with IL-6 inhibitors between 2010 and 2015, and outcomes " +
		"improved significantly. However, the mechanisms behind this effect have not been studied in large populations. " +
		"We analysed sequencing data from several hospitals and found that mutations predicted survival better than age. "
	spanish := "La Constitución establece que las comunidades autónomas podrán asumir competencias en las materias que " +
		"enumera. Según los datos publicados en 2019, la población había crecido un 3,5 % respecto del año anterior. " +
		"¿Qué instituciones participaron en la elaboración de los informes? Los ministerios respondieron rápidamente. "
	for _, c := range []struct {
		name     string
		language Language
		text     string
	}{
		{"an English chunk", English, english + english[:430]},
		{"an English book", English, strings.Repeat(english+prose(1, 5), 100)},
		{"a Spanish chunk", Spanish, strings.Repeat(spanish, 3)},
		{"a Spanish book", Spanish, strings.Repeat(spanish+prose(1, 5), 100)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				Analyse(c.language, c.text)
			}
		})
	}
}

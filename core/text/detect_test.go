package text

import (
	"strings"
	"testing"
)

// Short questions as people type them, some without accents and marks. None is taken from an evaluation set.
const (
	englishQuestions = `What is the refund policy?
how many days of holiday do I have
Who approves travel expenses?
Where is the office in Madrid
reset my password
When does the contract expire?
Which vaccines are required?
why did the server crash yesterday
Can I work from home on Fridays?
list the side effects of ibuprofen
How do I install the printer driver?
Is parking included?
minimum wage in Spain 2024
difference between gross and net salary
What does clause 7 say about termination?
Does aspirin reduce the risk of stroke?
the capital of Argentina
opening hours of the library
Who wrote Don Quixote?
How tall is the Eiffel tower?
steps to configure the VPN
What's our policy on remote work?
Are pets allowed in the building?
Tell me about the marketing budget
when was the company founded
sick leave without a doctor's note
How can I export data to Excel?
interest rates for small businesses
Should employees report accidents immediately?
what causes inflation
Which countries signed the treaty?
give me a summary of the meeting
tax deductions for self-employed workers
How long does shipping take?`

	spanishQuestions = `¿Cuál es la política de devoluciones?
cuantos dias de vacaciones tengo
¿Quién aprueba los gastos de viaje?
donde esta la oficina de Londres
restablecer mi contraseña
¿Cuándo vence el contrato?
¿Qué vacunas son obligatorias?
por que se cayo el servidor ayer
¿Puedo trabajar desde casa los viernes?
efectos secundarios del ibuprofeno
¿Cómo instalo el controlador de la impresora?
¿Está incluido el aparcamiento?
salario mínimo en España 2024
diferencia entre salario bruto y neto
que dice la clausula 7 sobre la rescision
¿La aspirina reduce el riesgo de ictus?
la capital de Argentina
horario de apertura de la biblioteca
quien escribio Don Quijote
¿Cuánto mide la torre Eiffel?
pasos para configurar la VPN
cual es el plazo de entrega
¿Se admiten mascotas en el edificio?
háblame del presupuesto de marketing
cuando se fundo la empresa
baja por enfermedad sin justificante médico
¿Cómo puedo exportar los datos a Excel?
tipos de interés para pequeñas empresas
¿Deben los empleados notificar los accidentes?
causas de la inflación
que paises firmaron el tratado
dame un resumen de la reunión
deducciones fiscales para autónomos
¿Cuánto tarda el envío?`

	otherQuestions = `pt Quantos dias de férias eu tenho?
pt Qual é a política de devolução?
pt Onde fica o escritório de Lisboa?
pt Como faço para exportar os dados?
fr Combien de jours de vacances ai-je ?
fr Quelle est la politique de remboursement ?
fr Où se trouve le bureau de Paris ?
fr Comment exporter les données vers Excel ?
de Wie viele Urlaubstage habe ich?
de Was steht in Absatz 7 über die Kündigung?
de Wo ist das Büro in Berlin?
de Wann läuft der Vertrag ab?
it Quanti giorni di ferie ho?
it Qual è la politica dei rimborsi?
it Dove si trova l'ufficio di Roma?
it Come posso esportare i dati?
simple xkcd 1234
simple 12 34 56
simple ...
simple Сколько дней отпуска у меня есть?
simple 休暇は何日ありますか
simple neoplasia
simple Het contract loopt af aan het einde van het jaar, tenzij een van beide partijen het ten minste drie maanden van tevoren schriftelijk opzegt. De huurder moet het gebouw dan binnen vier weken verlaten en alle sleutels aan de eigenaar teruggeven, anders wordt de borg niet uitbetaald.`
)

func TestDetectTellsTheLanguageOfShortQuestions(t *testing.T) {
	t.Parallel()
	for language, questions := range map[Language]string{English: englishQuestions, Spanish: spanishQuestions} {
		for question := range strings.SplitSeq(questions, "\n") {
			if got := Detect(question); got != language {
				t.Errorf("Detect(%q) = %s, want %s", question, got, language)
			}
		}
	}
	for line := range strings.SplitSeq(otherQuestions, "\n") {
		language, question, _ := strings.Cut(line, " ")
		if got := Detect(question); got != Language(language) {
			t.Errorf("Detect(%q) = %s, want %s", question, got, language)
		}
	}
}

func TestDetectTellsTheLanguageOfDocuments(t *testing.T) {
	t.Parallel()
	for language, questions := range map[Language]string{English: englishQuestions, Spanish: spanishQuestions} {
		document := strings.Repeat(questions+"\n", 200)
		if got := Detect(document); got != language {
			t.Errorf("Detect of %d bytes = %s, want %s", len(document), got, language)
		}
	}
}

func TestDetectReadsABoundedSample(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("é", 5_000_000)
	if got := sample(huge); len(got) > sampleHead+2*sampleMiddle {
		t.Errorf("a sample of %d bytes", len(got))
	}
}

func TestParseLanguageUnderstandsCodesAndNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Language{
		"en": English, "EN": English, "english": English, "en-GB": English, "eng": English,
		"es": Spanish, "Spanish": Spanish, "español": Spanish, "es_AR": Spanish, "spa": Spanish,
		"pt-BR": Portuguese, "portuguese": Portuguese, "fr": French, "french": French, "de": German, "german": German,
		"it": Italian, "Italian": Italian, "simple": Simple, "": Simple, "nl": Simple, "klingon": Simple, " en ": English,
	} {
		if got := ParseLanguage(name); got != want {
			t.Errorf("ParseLanguage(%q) = %s, want %s", name, got, want)
		}
	}
}

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fact is a question and what the answer has to contain.
type fact struct {
	question string
	want     string
	page     int // where the PDF says so; 0 for formats without pages
}

// Chapters 1 to 7 begin on the page after their number, the others, because chapter 7 fills two, on the next.
var handbookFacts = []fact{
	{"How many hours has the standard week?", "37.5 hours", 2},
	{"How much supplement is paid for the late shift?", "18 percent", 2},
	{"How long may I work from another country in a calendar year?", "20 working days", 3},
	{"How many days of paid leave does everyone have?", "27 days", 4},
	{"When do days that were carried into the next year expire?", "31 March", 4},
	{"From which day is a doctor's certificate needed?", "fourth calendar day", 5},
	{"How many weeks of parental leave with full pay has each parent?", "22 weeks", 6},
	{"On which day are salaries paid?", "24th of each month", 7},
	{"What is the hotel limit per night in London?", "£185", 8},
	{"What is the rate per mile for a private car?", "46 pence", 10},
	{"Who is the finance director?", "Moira Teesdale", 10},
	{"How many characters must a password have?", "14 characters", 11},
	{"What is the data protection officer called?", "Tomasz Wierzbicki", 13},
	{"At what pressure does the valve of the pressure chamber open?", "655 bar", 15},
	{"How long does the probation period last?", "four months", 18},
	{"Up to what value may gifts be accepted?", "40 pounds", 20},
	{"How many solar panels does the roof in Leeds carry?", "620 solar panels", 23},
	{"When are accounts closed on the last day?", "18:00", 24},
}

// As in the handbook.
var manualFacts = []fact{
	{"¿Cuántas horas semanales tiene la jornada?", "38 horas semanales", 2},
	{"¿Qué plus lleva el turno de noche?", "25 por ciento", 2},
	{"¿Cuántos días por semana se puede teletrabajar?", "dos días por semana", 3},
	{"¿Cuántos días laborables de vacaciones hay al año?", "25 días laborables", 4},
	{"¿Cuándo caducan los días de vacaciones pendientes?", "28 de febrero", 4},
	{"¿Cómo se llama la médica de empresa?", "Begoña Arrizabalaga", 5},
	{"¿Cuántas plazas tiene la guardería?", "26 plazas", 6},
	{"¿Cuál es el límite de hotel por noche en Portugal?", "105 €", 9},
	{"¿Quién es el director financiero?", "Anselmo Quiroga", 10},
	{"¿Cuántos caracteres tienen las contraseñas como mínimo?", "15 caracteres", 11},
	{"¿Dónde se consultan los documentos secretos?", "sala 0.12", 12},
	{"¿Quién es la delegada de protección de datos?", "Remedios Palomeque", 13},
	{"¿Cada cuánto se renuevan los portátiles?", "cinco años", 14},
	{"¿A qué temperatura se pasteuriza la leche?", "72 grados", 16},
	{"¿Cómo se anuncia la fuga de amoniaco?", "tres toques cortos", 17},
	{"¿Hasta qué valor se aceptan regalos?", "30 euros", 21},
	{"¿Cuántos paneles solares hay en el tejado?", "540 paneles solares", 23},
	{"¿A qué hora se cierran las cuentas el último día?", "15:00", 24},
}

var noEvidence = map[string]string{
	"en": "There is not enough evidence in the documents",
	"es": "No hay evidencia suficiente",
}

func TestAnswersFromAnEnglishPDFAreCitedWordForWord(t *testing.T) {
	t.Parallel()
	answersFromPDF(t, "handbook-en.pdf", "en", handbookFacts, []string{
		"What is the capital of Mongolia?", "Who won the football world cup in 1998?", "How do I bake a sourdough bread?",
	})
}

func TestAnswersFromASpanishPDFAreCitedWordForWord(t *testing.T) {
	t.Parallel()
	answersFromPDF(t, "manual-es.pdf", "es", manualFacts, []string{
		"¿Cuál es la capital de Mongolia?", "¿Quién escribió Cien años de soledad?", "¿Cómo se toca la guitarra eléctrica?",
	})
}

func answersFromPDF(t *testing.T, name, language string, facts []fact, foreign []string) {
	t.Helper()
	l := start(t).admin(t).library(t, "answers")
	d := l.add(t, testdata(t, name))[0]
	if d.PageCount != 24 || d.ChunkCount < 24 || d.ChunkCount > 400 || d.Language != language || d.MimeType != "application/pdf" {
		t.Errorf("%s = %+v, want 24 pages in %s", name, d, language)
	}
	pages := pdfText(t, name, d.PageCount)
	for _, f := range facts {
		a := l.ask(t, f.question)
		if !a.Evidence || !a.Grounded || len(a.Citations) == 0 || a.Language != language {
			t.Errorf("%q = %+v, want a grounded answer", f.question, a)
			continue
		}
		if !strings.Contains(flat(a.Answer), flat(f.want)) || !strings.Contains(flat(a.quotes()), flat(f.want)) {
			t.Errorf("%q = %q, quoting %q; want %q", f.question, a.Answer, a.quotes(), f.want)
		}
		l.checkCitations(t, a, pages)
		if !onPage(a, f) {
			t.Errorf("%q cites %+v, want page %d for %q", f.question, a.Citations, f.page, f.want)
		}
	}
	for _, q := range foreign {
		a := l.ask(t, q)
		if a.Evidence || a.Grounded || len(a.Citations) > 0 || !strings.HasPrefix(a.Answer, noEvidence[language]) {
			t.Errorf("%q = %+v, want an honest no", q, a)
		}
	}
}

// onPage reports whether a citation with the fact names its page.
func onPage(a answer, f fact) bool {
	for _, c := range a.Citations {
		if c.Page == f.page && strings.Contains(flat(c.Quote), flat(f.want)) {
			return true
		}
	}
	return false
}

// checkCitations holds an answer to the promise about citations: the answer has its marker, the quote is the stored text from
// start to end, byte for byte, and it stands on the page that is named, in the eyes of another program, too.
func (l *library) checkCitations(t *testing.T, a answer, pages []string) {
	t.Helper()
	for _, c := range a.Citations {
		if !strings.Contains(a.Answer, fmt.Sprintf("[%d]", c.Marker)) {
			t.Errorf("the answer %q has no marker for %+v", a.Answer, c)
		}
		stored := l.text(t, c.DocumentID, c.Start, c.End)
		if stored.Text != c.Quote || c.Quote == "" || stored.Start != c.Start || stored.End != c.End {
			t.Errorf("the quote of %+v is not the stored text %q", c, stored.Text)
		}
		if c.Page == 0 && len(stored.Pages) == 0 {
			continue // a format without pages
		}
		if len(stored.Pages) == 0 || stored.Pages[0].Number != c.Page {
			t.Errorf("the citation %+v stands on the pages %+v", c, stored.Pages)
			continue
		}
		if pages == nil {
			continue
		}
		var shown strings.Builder
		for _, p := range stored.Pages {
			shown.WriteString(pages[p.Number-1])
		}
		if !strings.Contains(flat(shown.String()), flat(withoutBars(c.Quote))) {
			t.Errorf("%q does not stand on page %d of the PDF: %q", c.Quote, c.Page, shown.String())
		}
	}
}

// withoutBars returns a quote without what is written between the cells of a table, which the page shows as lines.
func withoutBars(quote string) string {
	if !strings.HasPrefix(quote, "|") {
		return quote
	}
	return strings.ReplaceAll(quote, "|", " ")
}

// pdfText is the text layer of each page as poppler reads it; nil, with a note, where poppler isn't installed.
func pdfText(t *testing.T, name string, pages int) []string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Log("pdftotext is not installed: citations are not held against the text layer of the PDF")
		return nil
	}
	out := make([]string, pages)
	for i := range out {
		n := strconv.Itoa(i + 1)
		text, err := exec.CommandContext(context.Background(), "pdftotext", "-f", n, "-l", n, filepath.Join("testdata", name), "-").Output()
		if err != nil {
			t.Fatalf("pdftotext, page %s: %v", n, err)
		}
		out[i] = string(bytes.TrimSpace(text))
	}
	return out
}

// flat removes what two readers of one page may differ in: white space, and how accents are written.
func flat(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
}

package e2e

import (
	"strings"
	"testing"
)

// formats are the test documents that are no PDF, each with facts that only it has.
var formats = []struct {
	name, mediaType, language, title string
	facts                            []fact
}{
	{"archive-en.docx", docxType, "en", "Records and Archive", []fact{
		{"How many years are calibration certificates kept?", "15", 0},
		{"Who is the archivist?", "Cordelia Whitmarsh", 0},
		{"How heavy may a box be at most?", "12 kilograms", 0},
	}},
	{"archivo-es.docx", docxType, "es", "Registros y archivo", []fact{
		{"¿Cómo se llama la archivera?", "Hortensia Valdeolivas", 0},
		{"¿Cuántos kilos pesa cada caja como máximo?", "10 kilos", 0},
		{"¿A cuántos grados se mantiene la sala?", "16 grados", 0},
	}},
	{"fleet-en.html", "text/html", "en", "Company Cars and Bicycles", []fact{
		{"What is the cleaning fee for smoking?", "85 pounds", 0},
		{"Which form is filled in after an accident?", "FL-3", 0},
		{"How many bicycles has the fleet?", "34 bicycles", 0},
	}},
	{"vehiculos-es.html", "text/html", "es", "Vehículos y bicicletas", []fact{
		{"¿Cuánto cuesta fumar en un coche?", "70 euros", 0},
		{"¿Cuántos camiones cisterna tiene la flota?", "catorce camiones cisterna", 0},
		{"¿En cuántas horas se entrega el parte VE-8?", "36", 0},
	}},
	{"visitors-en.md", "text/markdown", "en", "Visitors and Deliveries", []fact{
		{"Which badge do contractors receive?", "orange badge", 0},
		{"How much does a lost badge cost?", "12 pounds", 0},
		{"Where do visitors park?", "bays 31 to 46", 0},
	}},
	{"visitas-es.md", "text/markdown", "es", "Visitas y entregas", []fact{
		{"¿Qué tarjeta reciben las contratas?", "tarjeta morada", 0},
		{"¿Cuánto cuesta la pérdida de una tarjeta?", "9 euros", 0},
		{"¿Dónde aparcan las visitas?", "plazas 12 a 27", 0},
	}},
	{"canteen-en.txt", "text/plain", "en", "", []fact{
		{"Who is the head cook?", "Philippa Drummond", 0},
		{"How much does a main dish cost?", "4.80", 0},
		{"What marks dishes with nuts?", "red acorn", 0},
	}},
	{"comedor-es.txt", "text/plain", "es", "", []fact{
		{"¿Cómo se llama la jefa de cocina?", "Eulalia Bustamante", 0},
		{"¿Cuánto cuesta el menú?", "5,10 euros", 0},
		{"¿Qué llevan los platos con frutos secos?", "bellota roja", 0},
	}},
}

const docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

func TestEveryFormatBecomesReadyAndAnswersInItsLanguage(t *testing.T) {
	t.Parallel()
	l := start(t).admin(t).library(t, "formats")
	files := make([]file, len(formats))
	for i, f := range formats {
		files[i] = testdata(t, f.name)
	}
	for i, d := range l.add(t, files...) {
		f := formats[i]
		if d.Language != f.language || d.MimeType != f.mediaType || d.PageCount != 0 || d.FileName != f.name {
			t.Errorf("%s = %+v, want it in %s as %s", f.name, d, f.language, f.mediaType)
		}
		body := l.text(t, d.ID, 0, 0)
		for _, hidden := range []string{"console.log", "font-family", "<p>", "**", "](http"} {
			if strings.Contains(body.Text, hidden) {
				t.Errorf("the text of %s has %q", f.name, hidden)
			}
		}
	}
	for _, f := range formats {
		for _, fact := range f.facts {
			a := l.ask(t, fact.question)
			if !a.Evidence || a.Language != f.language || !strings.Contains(flat(a.Answer), flat(fact.want)) {
				t.Errorf("%s: %q = %q (evidence %v), want %q", f.name, fact.question, a.Answer, a.Evidence, fact.want)
			}
			l.checkCitations(t, a, nil)
		}
	}
}

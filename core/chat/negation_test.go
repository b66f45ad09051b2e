package chat

import (
	"testing"

	"github.com/ragcorp/ragcorp/core/retrieval"
	"github.com/ragcorp/ragcorp/core/text"
)

func TestWhatASourceDeniesItDoesNotSupport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		language      text.Language
		source, claim string
		want          bool
	}{
		{text.English, "Trains are not booked by employees.", "Trains are booked by employees.", false},
		{text.English, "Trains are booked by employees.", "Trains are not booked by employees.", false},
		{text.English, "Trains aren't booked by employees.", "Trains are booked by employees.", false},
		{text.English, "Trains aren’t booked by employees.", "Employees book trains.", false},
		{text.English, "Not all employees may book trains.", "All employees may book trains.", false},
		{text.English, "Refunds are never given after 30 days.", "Refunds are given after 30 days.", false},
		{text.English, "The cover of the plan includes no dental care.", "The cover of the plan includes dental care.", false},
		{text.English, "Trains are not booked by employees.", "Trains are not booked by employees.", true},
		{text.English, "Employees must not share passwords.", "Passwords must not be shared by employees.", true},
		{text.English, "No refunds are given after 30 days.", "Refunds are not given after 30 days.", true},
		{text.English, "Trains are booked by the travel desk, not by employees.", "Trains are booked by the travel desk.", true},
		{text.English, "The card is not only valid in Spain but also in France.", "The card is valid in Spain.", true},
		{text.English, "There is no doubt that the bridge opened in May.", "The bridge opened in May.", true},
		{text.English, "Room No. 5 opens at noon.", "Room 5 opens at noon.", true},
		{text.Spanish, "Los empleados no pueden reservar trenes.", "Los empleados pueden reservar trenes.", false},
		{text.Spanish, "Los empleados pueden reservar trenes.", "Los empleados no pueden reservar trenes.", false},
		{text.Spanish, "Ningún empleado reserva trenes.", "El empleado reserva trenes.", false},
		{text.Spanish, "El viaje se paga sin factura.", "El viaje se paga con factura.", false},
		{text.Spanish, "La tarjeta no solo vale en España, sino también en Francia.", "La tarjeta vale en España.", true},
		{text.Spanish, "No se permite la entrada de perros.", "La entrada de perros no se permite.", true},
		{text.German, "Hunde sind im Büro nicht erlaubt.", "Hunde sind im Büro erlaubt.", false},
		{text.French, "Les chiens ne sont pas admis au bureau.", "Les chiens sont admis au bureau.", false},
		{text.Italian, "I cani non entrano in ufficio.", "I cani entrano in ufficio.", false},
		{text.Portuguese, "Os cães não entram no escritório.", "Os cães entram no escritório.", false},
	} {
		sources := []retrieval.Hit{{Chunk: retrieval.Chunk{Language: c.language, Text: c.source}}}
		got := cite(c.claim+" [1]", sources, c.language)
		if len(got.citations) != 1 || !c.want && got.citations[0].Quote != c.source {
			t.Errorf("%q cites %+v, want the source, so that everybody sees what it says", c.claim, got.citations)
		}
		if len(got.sentences) != 1 || got.sentences[0].Supported != c.want {
			t.Errorf("%q supports %q: %v, want %v", c.source, c.claim, !c.want, c.want)
		}
	}
}

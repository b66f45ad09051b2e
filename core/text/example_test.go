package text_test

import (
	"fmt"

	"github.com/ragcorp/ragcorp/core/text"
)

// A document becomes one text with its structure, and that becomes chunks that know where they come from.
func Example() {
	document := text.Compose([]text.Block{
		{Kind: text.Heading, Level: 1, Text: "Holidays", Page: 1},
		{Kind: text.Paragraph, Text: "Everybody has 25  days a year. They don't expire.", Page: 1},
		{Kind: text.Heading, Level: 2, Text: "Sick leave", Page: 2},
		{Kind: text.Paragraph, Text: "Call before nine. Send the doctor's note within three days.", Page: 2},
	})
	for _, c := range text.Split(document, text.Options{Size: 90, Overlap: 20}) {
		fmt.Printf("%d %v page %d %q\n  %q\n", c.Ordinal, c.Span, c.PageFrom, c.Headings, c.Text)
	}
	// Output:
	// 0 {0 58} page 1 ["Holidays"]
	//   "Holidays\n\nEverybody has 25 days a year. They don't expire."
	// 1 {60 131} page 2 ["Holidays" "Sick leave"]
	//   "Sick leave\n\nCall before nine. Send the doctor's note within three days."
}

// Questions and documents meet in their terms, however they are inflected and typed.
func ExampleAnalyse() {
	question := "cuantas canciones grabó el Sr. O'Higgins en 1.999?"
	for _, token := range text.Analyse(text.Detect(question), question) {
		fmt.Printf("%s ← %s\n", token.Term, question[token.Start:token.End])
	}
	// Output:
	// cancion ← canciones
	// grab ← grabó
	// sr ← Sr
	// ohiggins ← O'Higgins
	// 1999 ← 1.999
}

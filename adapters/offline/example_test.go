package offline_test

import (
	"context"
	"fmt"

	"github.com/ragcorp/ragcorp/adapters/offline"
	"github.com/ragcorp/ragcorp/core/llm"
)

func ExampleGenerator() {
	request := llm.Request{
		Question: "When was the lighthouse of Cape Orme built?",
		Language: "en",
		Passages: []llm.Passage{
			{Marker: 1, Title: "Harbours", Text: "Ferries leave at noon. The crossing takes an hour."},
			{Marker: 2, Title: "Cape Orme", Text: "The lighthouse was built in 1868. It is open to visitors."},
		},
	}
	for piece, err := range offline.NewGenerator().Generate(context.Background(), request) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(piece.Text)
	}
	// Output: The lighthouse was built in 1868. [2]
}

package parse_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/core/document"
)

func ExampleInProcess() {
	p := parse.InProcess(parse.Options{})
	defer p.Close() //nolint:errcheck // nothing to lose

	const page = "# Badges\n\nA lost badge costs **12 pounds**."
	mediaType, err := p.Sniff([]byte(page), "badges.md", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	parsed, err := p.Parse(context.Background(), document.File{MediaType: mediaType, Body: strings.NewReader(page)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, b := range parsed.Blocks {
		fmt.Println(b.Level, b.Text)
	}
	// Output:
	// 1 Badges
	// 0 A lost badge costs 12 pounds.
}

package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/ragcorp/ragcorp/adapters/httpapi"
)

func openapiCommand() command {
	return command{
		name: "openapi", summary: "print the OpenAPI document of the HTTP API",
		help: "Needs neither configuration nor database.",
		define: func(f *flag.FlagSet) action {
			out := f.String("out", "", "`PATH` of a file to write to; not given: standard output")
			return func(_ context.Context, p *process, _ []string) error {
				doc, err := httpapi.Document()
				if err != nil {
					return err
				}
				if *out == "" {
					_, err = p.Stdout.Write(doc)
					return err
				}
				if err := os.WriteFile(*out, doc, 0o644); err != nil { //nolint:gosec // it is meant to be read
					return fmt.Errorf("write the document: %w", err)
				}
				return nil
			}
		},
	}
}

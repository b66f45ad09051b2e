package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"

	"github.com/ragcorp/ragcorp/adapters/ops"
)

func versionCommand() command {
	return command{
		name: "version", summary: "say which version this is",
		define: func(f *flag.FlagSet) action {
			asJSON := f.Bool("json", false, "print JSON")
			return func(_ context.Context, p *process, _ []string) error {
				if *asJSON {
					return printJSON(p.Stdout, map[string]string{
						"version": ops.Version(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
					})
				}
				_, err := fmt.Fprintf(p.Stdout, "ragcorp %s (%s, %s/%s)\n", ops.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return err
			}
		},
	}
}

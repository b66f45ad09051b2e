// Command worker works on documents, beside any number of http shells and other workers on the same data.
package main

import "github.com/ragcorp/ragcorp/shells/internal/run"

func main() { run.Main(build) }

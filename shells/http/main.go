// Command http serves the API, and works on documents in the same process unless WORKERS is 0.
package main

import "github.com/ragcorp/ragcorp/shells/internal/run"

func main() { run.Main(build) }

// Command ctl is the operator's command: it brings schemas up to date, makes administrators and API keys, looks after
// background work, checks an installation and measures its search. `ctl help` lists what it can do.
package main

import "github.com/ragcorp/ragcorp/shells/internal/run"

func main() { run.Command(ctl) }

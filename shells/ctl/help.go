package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// overview lists commands.
func overview(w io.Writer, list []command) {
	fmt.Fprint(w, "ctl operates an installation. It reads the same environment variables as the programs that it operates.\n\nUsage: ctl COMMAND\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, c := range list {
		fmt.Fprintf(t, "  %s\t%s\n", c.name, c.summary)
	}
	fmt.Fprintf(t, "  %s\t%s\n", "help COMMAND", "explain a command")
	_ = t.Flush() // as with every other print: nobody is there to tell
	fmt.Fprint(w, "\nExit codes: 0 done, 1 failed, 2 asked for in the wrong way.\n")
}

// help explains the command, or the commands of the kind, that args name.
func help(p *process, args []string) int {
	if len(args) == 0 {
		overview(p.Stdout, commands())
		return exitOK
	}
	if c, _, ok := find(args); ok {
		c.explain(p.Stdout)
		return exitOK
	}
	if list := group(args[0]); len(list) > 0 && len(args) == 1 {
		overview(p.Stdout, list)
		return exitOK
	}
	return unknown(p, args)
}

// unknown tells that there is no such command, and which ones come near.
func unknown(p *process, args []string) int {
	list := group(args[0])
	if len(list) == 0 {
		fmt.Fprintf(p.Stderr, "ctl: there is no command %q; `ctl help` lists those that there are.\n", args[0])
		return exitUsage
	}
	if len(args) > 1 && (args[1] == "-h" || args[1] == "-help" || args[1] == "--help") {
		overview(p.Stdout, list)
		return exitOK
	}
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = "ctl " + c.name
	}
	fmt.Fprintf(p.Stderr, "ctl: say one of: %s\n", strings.Join(names, ", "))
	return exitUsage
}

// explain says all about a command.
func (c command) explain(w io.Writer) {
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	c.define(f)
	line := "ctl " + c.name
	flags := 0
	f.VisitAll(func(*flag.Flag) { flags++ })
	if flags > 0 {
		line += " [FLAGS]"
	}
	if c.args != "" {
		line += " " + c.args
	}
	fmt.Fprintf(w, "%s.\n\nUsage: %s\n", strings.ToUpper(c.summary[:1])+c.summary[1:], line)
	if c.help != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(c.help))
	}
	if flags == 0 {
		return
	}
	fmt.Fprint(w, "\nFlags:\n")
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	f.VisitAll(func(f *flag.Flag) {
		what, meaning := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			meaning += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		fmt.Fprintf(t, "  --%s\t%s\n", strings.TrimSpace(f.Name+" "+what), meaning)
	})
	_ = t.Flush() // see overview
}

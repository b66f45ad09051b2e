package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// asker asks whoever runs a command.
type asker interface {
	// Line asks for a line.
	Line(prompt string) (string, error)
	// Secret asks for a line without showing it.
	Secret(prompt string) (string, error)
}

// terminal asks at the terminal, if there is one.
type terminal struct {
	in  io.Reader
	out io.Writer
}

var errNoTerminal = errors.New("nobody can be asked: standard input is no terminal")

// Line implements asker.
func (t terminal) Line(prompt string) (string, error) {
	if _, ok := t.file(); !ok {
		return "", errNoTerminal
	}
	fmt.Fprint(t.out, prompt)
	line, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read an answer: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// Secret implements asker.
func (t terminal) Secret(prompt string) (string, error) {
	f, ok := t.file()
	if !ok {
		return "", errNoTerminal
	}
	fmt.Fprint(t.out, prompt)
	secret, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(t.out)
	if err != nil {
		return "", fmt.Errorf("read an answer: %w", err)
	}
	return string(secret), nil
}

// file returns the terminal.
func (t terminal) file() (*os.File, bool) {
	f, ok := t.in.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

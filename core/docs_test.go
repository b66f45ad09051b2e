package core_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// maxLines is the hard end of a file.
const maxLines = 500

// source is one Go file that people have written.
type source struct {
	path  string
	lines int
	file  *ast.File
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// sources parses all Go files of the module, but generated ones.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "testdata" || len(name) > 2 && name[0] == '.') {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(file) {
			out = append(out, source{filepath.ToSlash(path), bytes.Count(text, []byte("\n")), file})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFilesAreNotTooLong(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.lines > maxLines {
			t.Errorf("%s has %d lines, more than %d: it is two things", s.path, s.lines, maxLines)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	for _, s := range sources(t) {
		if dir := filepath.Dir(s.path); !s.test() {
			said[dir] = said[dir] || s.file.Doc != nil
		}
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("the package in %s has no comment", dir)
		}
	}
}

func TestEveryExportedNameIsExplained(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		for _, d := range s.file.Decls {
			for _, name := range unexplained(d) {
				t.Errorf("%s: %s has no comment that begins with its name", s.path, name)
			}
		}
	}
}

// unexplained lists the exported names of a declaration that lack a comment.
func unexplained(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) && !begins(d.Doc, d.Name.Name) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var out []string
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && !begins(spec.Doc, spec.Name.Name) && !begins(d.Doc, spec.Name.Name) {
					out = append(out, spec.Name.Name)
				}
			case *ast.ValueSpec:
				out = append(out, unexplainedValues(d, spec)...)
			}
		}
		return out
	}
	return nil
}

// unexplainedValues is unexplained for constants and variables. One comment may stand over a group of them.
func unexplainedValues(d *ast.GenDecl, spec *ast.ValueSpec) []string {
	if d.Doc != nil && d.Lparen.IsValid() || spec.Doc != nil || spec.Comment != nil {
		return nil
	}
	var out []string
	for _, n := range spec.Names {
		if n.IsExported() && !begins(d.Doc, n.Name) {
			out = append(out, n.Name)
		}
	}
	return out
}

// exportedReceiver reports whether a function is no method of an unexported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return true
		}
	}
}

func begins(doc *ast.CommentGroup, name string) bool {
	return doc != nil && strings.HasPrefix(doc.Text()+" ", name+" ") || doc != nil && strings.HasPrefix(doc.Text(), name+"\n")
}

// Package eval measures how well a search finds what people have judged to be relevant: it reads sets of documents, queries
// and judgements in the layout of the BEIR benchmark, and computes the usual metrics. It searches nothing itself.
package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"

	"github.com/ragcorp/ragcorp/core/fault"
)

// Document is one document of a set.
type Document struct {
	ID    string `json:"_id"`
	Title string `json:"title"` // may be empty
	Text  string `json:"text"`
}

// Query is one query of a set, with its judgements.
type Query struct {
	ID     string
	Text   string
	Grades Grades
}

// The files of a set (N. Thakur et al., BEIR, 2021).
const (
	corpusFile     = "corpus.jsonl"
	queriesFile    = "queries.jsonl"
	judgementsFile = "qrels/test.tsv"
)

// Documents reads the documents of the set in fsys, one at a time. The sequence ends after the first error, which is
// fault.Invalid when it is about what stands in the file.
func Documents(fsys fs.FS) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		err := eachLine(fsys, corpusFile, func(line []byte) (bool, error) {
			var d Document
			if err := json.Unmarshal(line, &d); err != nil || d.ID == "" {
				return false, fault.Invalid.Errorf(`must be an object with "_id", "title" and "text"`)
			}
			return yield(d, nil), nil
		})
		if err != nil {
			yield(Document{}, err)
		}
	}
}

// Queries reads the queries of the set in fsys, in their order, leaving out those for which nothing is judged to be relevant.
// Errors as in Documents.
func Queries(fsys fs.FS) ([]Query, error) {
	grades, err := judgements(fsys)
	if err != nil {
		return nil, err
	}
	var out []Query
	err = eachLine(fsys, queriesFile, func(line []byte) (bool, error) {
		var q struct {
			ID   string `json:"_id"`
			Text string `json:"text"`
		}
		if err := json.Unmarshal(line, &q); err != nil || q.ID == "" {
			return false, fault.Invalid.Errorf(`must be an object with "_id" and "text"`)
		}
		if g := grades[q.ID]; g.relevant() > 0 {
			out = append(out, Query{ID: q.ID, Text: q.Text, Grades: g})
		}
		return true, nil
	})
	return out, err
}

// judgements reads the grades by query.
func judgements(fsys fs.FS) (map[string]Grades, error) {
	out := map[string]Grades{}
	header := true
	err := eachLine(fsys, judgementsFile, func(line []byte) (bool, error) {
		if header {
			header = false
			return true, nil
		}
		column := strings.Split(string(line), "\t")
		if len(column) != 3 {
			return false, fault.Invalid.Errorf("must have three columns: query-id, corpus-id, score")
		}
		grade, err := strconv.Atoi(strings.TrimSpace(column[2]))
		if err != nil {
			return false, fault.Invalid.Errorf("must have a whole number as score")
		}
		if out[column[0]] == nil {
			out[column[0]] = Grades{}
		}
		out[column[0]][column[1]] = grade
		return true, nil
	})
	return out, err
}

// eachLine calls use with the lines of a file that are not blank, until it has enough. Lines may be long.
func eachLine(fsys fs.FS, name string, use func(line []byte) (more bool, err error)) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	r := bufio.NewReaderSize(f, 64<<10)
	for n := 1; ; n++ {
		line, end := r.ReadBytes('\n')
		if end != nil && !errors.Is(end, io.EOF) {
			return fmt.Errorf("read %s: %w", name, end)
		}
		if line = bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(line)) > 0 {
			more, err := use(line)
			if err != nil {
				return fmt.Errorf("%s: line %d %w", name, n, err)
			}
			if !more {
				return nil
			}
		}
		if end != nil {
			return nil
		}
	}
}

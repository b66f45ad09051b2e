package eval_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/eval"
	"github.com/ragcorp/ragcorp/core/fault"
)

func set(corpus, queries, judgements string) fs.FS {
	return fstest.MapFS{
		"corpus.jsonl":   {Data: []byte(corpus)},
		"queries.jsonl":  {Data: []byte(queries)},
		"qrels/test.tsv": {Data: []byte(judgements)},
	}
}

func documents(fsys fs.FS) ([]eval.Document, error) {
	var out []eval.Document
	for d, err := range eval.Documents(fsys) {
		if err != nil {
			return out, err
		}
		out = append(out, d)
	}
	return out, nil
}

func TestASetIsReadInTheOrderOfItsFiles(t *testing.T) {
	t.Parallel()
	fsys := set(
		"{\"_id\":\"d2\",\"title\":\"T\",\"text\":\"two\",\"metadata\":{}}\r\n\n{\"_id\":\"d1\",\"text\":\"one\"}",
		"{\"_id\":\"q3\",\"text\":\"c\"}\n{\"_id\":\"q2\",\"text\":\"b\"}\n{\"_id\":\"q1\",\"text\":\"a\"}\n",
		"query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq3\td2\t1\nq2\td1\t0\n",
	)
	docs, err := documents(fsys)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]eval.Document{{"d2", "T", "two"}, {"d1", "", "one"}}, docs); diff != "" {
		t.Errorf("Documents (-want +got):\n%s", diff)
	}
	queries, err := eval.Queries(fsys)
	if err != nil {
		t.Fatal(err)
	}
	want := []eval.Query{{"q3", "c", eval.Grades{"d2": 1}}, {"q1", "a", eval.Grades{"d1": 2, "d2": 0}}}
	if diff := cmp.Diff(want, queries); diff != "" {
		t.Errorf("Queries, without the one that nothing answers (-want +got):\n%s", diff)
	}
}

func TestMistakesInASetNameTheLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		fsys fs.FS
		want string
	}{
		{"no JSON", set("{\"_id\":\"d\"}\nno", "", ""), `corpus.jsonl: line 2 must be an object with "_id", "title" and "text"`},
		{"a document without an id", set("{}", "", ""), `corpus.jsonl: line 1 must be an object with "_id", "title" and "text"`},
		{"a query without an id", set("", "{}", ""), `queries.jsonl: line 1 must be an object with "_id" and "text"`},
		{"too few columns", set("", "", "h\nq d 1"), "qrels/test.tsv: line 2 must have three columns: query-id, corpus-id, score"},
		{"no number", set("", "", "h\nq\td\tx"), "qrels/test.tsv: line 2 must have a whole number as score"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := documents(c.fsys)
			if err == nil {
				_, err = eval.Queries(c.fsys)
			}
			if !errors.Is(err, fault.Invalid) || err.Error() != c.want {
				t.Errorf("error = %v, want %s", err, c.want)
			}
		})
	}
	if _, err := documents(fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a set without a file: %v, want that it does not exist", err)
	}
}

func TestReadingDocumentsCanStopEarly(t *testing.T) {
	t.Parallel()
	for d, err := range eval.Documents(set("{\"_id\":\"d1\"}\nbroken", "", "")) {
		if err != nil || d.ID != "d1" {
			t.Errorf("first document = %v, %v", d, err)
		}
		break
	}
}

func Example() {
	// Two queries: the first is answered by what was found first, the second by what was found second.
	scores, err := eval.Measure([]eval.Ranking{
		{Found: []string{"travel", "food"}, Grades: eval.Grades{"travel": 1}},
		{Found: []string{"food", "travel"}, Grades: eval.Grades{"travel": 1}},
	}, 10)
	fmt.Printf("nDCG@10 %.3f, MRR %.3f, hit@1 %.1f, %v\n", scores.NDCG, scores.MRR, scores.Hit1, err)
	// Output: nDCG@10 0.815, MRR 0.750, hit@1 0.5, <nil>
}

package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ragcorp/ragcorp/core/fault"
)

func openEmpty(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite::memory:", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func sequences(t *testing.T, s *Store) (out map[string]int64) {
	t.Helper()
	err := s.Export(t.Context(), func(ctx context.Context, x *Snapshot) (err error) {
		out, err = x.Sequences(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var spaceTable = PortableTable{Name: "embedding_spaces", Columns: []PortableColumn{
	{"id", PortableInteger}, {"name", PortableText}, {"dimension", PortableInteger},
}}

func TestNumbersOfRowsThatAreGoneDoNotComeBack(t *testing.T) {
	t.Parallel()
	s := openEmpty(t)
	err := s.Import(t.Context(), func(ctx context.Context, in *Loading) error {
		if err := in.Row(ctx, spaceTable, []byte(`[3,"a",2]`)); err != nil {
			return err
		}
		return in.Finish(ctx, map[string]int64{"embedding_spaces": 9, "generations": 41})
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := sequences(t, s); got["embedding_spaces"] != 9 || got["generations"] != 41 {
		t.Errorf("sequences = %v, want embedding_spaces at 9 and generations at 41", got)
	}
	var id int64
	err = s.writer.NewRaw("INSERT INTO embedding_spaces (name, dimension) VALUES ('b', 2) RETURNING id").Scan(t.Context(), &id)
	if err != nil || id != 10 {
		t.Errorf("the next row got %d, %v, want 10", id, err)
	}
}

func TestAnImportThatFailsLeavesTheDatabaseEmpty(t *testing.T) {
	t.Parallel()
	s := openEmpty(t)
	broken := errors.New("the archive broke")
	err := s.Import(t.Context(), func(ctx context.Context, in *Loading) error {
		for i := range 200 { // more than wait in memory
			if err := in.Row(ctx, spaceTable, fmt.Appendf(nil, `[%d,"space %d",2]`, i+1, i)); err != nil {
				return err
			}
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("Import() error = %v, want that of its function", err)
	}
	if err := s.Empty(t.Context()); err != nil {
		t.Errorf("after the import: %v, want an empty database", err)
	}
	if err := s.Import(t.Context(), func(ctx context.Context, in *Loading) error { return in.Finish(ctx, nil) }); err != nil {
		t.Errorf("another import: %v", err)
	}
}

func TestAnImportOfSomethingElseIsInvalid(t *testing.T) {
	t.Parallel()
	s := openEmpty(t)
	for what, table := range map[string]PortableTable{
		"a table":  {Name: "users; DROP TABLE users"},
		"a column": {Name: "users", Columns: []PortableColumn{{"id, email", PortableText}}},
		"a kind":   {Name: "users", Columns: []PortableColumn{{"id", PortableBlob}}},
	} {
		err := s.Import(t.Context(), func(ctx context.Context, in *Loading) error { return in.Row(ctx, table, []byte(`["x"]`)) })
		if !errors.Is(err, fault.Invalid) {
			t.Errorf("%s that isn't known: %v, want fault.Invalid", what, err)
		}
	}
	for _, row := range []string{`["a"]`, `[1,2,3]`, `["1","a",2]`, `{}`, `[1,"a",2.5]`, ``} {
		err := s.Import(t.Context(), func(ctx context.Context, in *Loading) error { return in.Row(ctx, spaceTable, []byte(row)) })
		if err == nil {
			t.Errorf("the row %s was taken", row)
		}
	}
}

// Whoever adds a table decides whether it is portable: by default it is, and comes after those that it refers to.
func TestEveryTableIsInAnExportAfterThoseItRefersTo(t *testing.T) {
	t.Parallel()
	tables, err := portableTables()
	if err != nil {
		t.Fatal(err)
	}
	main, err := sqliteSchema()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	done := map[string]bool{}
	for _, p := range tables {
		got = append(got, p.Name)
		table, _ := main.Table(p.Name)
		for _, k := range table.ForeignKeys {
			if !done[k.RefTable.Name] {
				t.Errorf("%s refers to %s, which comes later, or to itself: then its rows need an order", p.Name, k.RefTable.Name)
			}
		}
		done[p.Name] = true
	}
	for _, table := range main.Tables {
		want = append(want, table.Name)
	}
	if diff := cmp.Diff(len(want), len(got)); diff != "" {
		t.Errorf("tables of an export: %v, want all of %v", got, want)
	}
}

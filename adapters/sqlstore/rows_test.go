package sqlstore

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	atlas "ariga.io/atlas/sql/schema"
	"github.com/google/go-cmp/cmp"
)

// The tables that bun knows and those that the schema makes are the same, column by column.
func TestRowsAndSchemaAgree(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite::memory:", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, row := range []any{conversationRow{}, messageRow{}, messageDocumentRow{}, answerRow{}, answerDocumentRow{}, feedbackRow{}, departedRow{}, documentRow{}, spaceRow{}, embeddingRow{}, generationRow{}, chunkRow{}, contextRow{}, keyRow{}, eventRow{}, deliveryRow{}, userRow{}, workspaceRow{}, memberRow{}, requestRow{}} {
		table := s.reader.Dialect().Tables().Get(reflect.TypeOf(row))
		var columns []string
		if err := s.reader.NewRaw("SELECT name FROM pragma_table_info(?)", table.Name).Scan(t.Context(), &columns); err != nil {
			t.Fatal(err)
		}
		var fields []string
		for _, f := range table.Fields {
			fields = append(fields, f.Name)
		}
		slices.Sort(columns)
		slices.Sort(fields)
		if !slices.Equal(columns, fields) {
			t.Errorf("%T has the fields %q, table %s the columns %q", row, fields, table.Name, columns)
		}
	}
}

// Both databases have the same tables with the same columns, in the same order, but for what only PostgreSQL searches.
func TestTheSchemasAgree(t *testing.T) {
	t.Parallel()
	small, err := sqliteSchema()
	if err != nil {
		t.Fatal(err)
	}
	large, err := postgresSchema()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tablesOf(small.Schema), tablesOf(large.Schema)); diff != "" {
		t.Errorf("schema/sqlite and schema/postgres differ (-sqlite +postgres):\n%s", diff)
	}
}

// tablesOf lists the columns of each table, which may be null, and the names of its indexes, keys and checks.
func tablesOf(s *atlas.Schema) map[string][]string {
	out := map[string][]string{}
	for _, t := range s.Tables {
		if t.Name == "vectors" {
			continue
		}
		for _, c := range t.Columns {
			out[t.Name] = append(out[t.Name], fmt.Sprintf("column %s, null: %v", c.Name, c.Type.Null))
		}
		for _, x := range t.Indexes {
			out[t.Name] = append(out[t.Name], fmt.Sprintf("index %s, unique: %v", x.Name, x.Unique))
		}
		for _, k := range t.ForeignKeys {
			out[t.Name] = append(out[t.Name], "foreign key "+k.Symbol)
		}
		for _, a := range t.Attrs {
			if c, ok := a.(*atlas.Check); ok {
				out[t.Name] = append(out[t.Name], "check "+c.Name)
			}
		}
	}
	return out
}

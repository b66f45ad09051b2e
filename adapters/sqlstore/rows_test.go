package sqlstore

import (
	"reflect"
	"slices"
	"testing"
)

// The tables that bun knows and those that the schema makes are the same, column by column.
func TestRowsAndSchemaAgree(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite::memory:", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, row := range []any{conversationRow{}, messageRow{}, messageDocumentRow{}, documentRow{}, spaceRow{}, embeddingRow{}, generationRow{}, chunkRow{}, keyRow{}, eventRow{}, deliveryRow{}, userRow{}, workspaceRow{}, memberRow{}} {
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

package sqlstore

import (
	"fmt"
	"slices"

	atlas "ariga.io/atlas/sql/schema"
)

// PortableTable is a table as exports describe it.
type PortableTable struct {
	Name    string
	Columns []PortableColumn

	key      []string // the columns of the primary key
	numbered bool     // the key is a number that the database gives
}

// PortableColumn is a column of a table in an export.
type PortableColumn struct {
	Name string
	Kind PortableKind
}

// PortableKind says how a value is written in an export.
type PortableKind string

// The kinds.
const (
	PortableText    PortableKind = "text"
	PortableInteger PortableKind = "integer"
	PortableBlob    PortableKind = "blob"
	PortableVector  PortableKind = "vector"
)

// portableTables lists what an export holds: every table of the embedded profile, whose schema describes the others too.
// What other databases keep besides is derived.
func portableTables() ([]PortableTable, error) {
	main, err := sqliteSchema()
	if err != nil {
		return nil, fmt.Errorf("evaluate schema: %w", err)
	}
	out := make([]PortableTable, 0, len(main.Tables))
	done := map[string]bool{}
	for len(out) < len(main.Tables) {
		before := len(out)
		for _, t := range main.Tables {
			if done[t.Name] || slices.ContainsFunc(t.ForeignKeys, func(k *atlas.ForeignKey) bool {
				return k.RefTable != t && !done[k.RefTable.Name]
			}) {
				continue
			}
			done[t.Name] = true
			p, err := portable(t)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		if len(out) == before {
			return nil, fmt.Errorf("the tables refer to each other in a circle; the first are %d", before)
		}
	}
	return out, nil
}

func portable(t *atlas.Table) (PortableTable, error) {
	p := PortableTable{Name: t.Name}
	for _, part := range t.PrimaryKey.Parts {
		p.key = append(p.key, part.C.Name)
	}
	for _, c := range t.Columns {
		kind, err := kindOf(t, c)
		if err != nil {
			return p, err
		}
		p.Columns = append(p.Columns, PortableColumn{c.Name, kind})
		p.numbered = p.numbered || len(p.key) == 1 && c.Name == p.key[0] && kind == PortableInteger
	}
	return p, nil
}

func kindOf(t *atlas.Table, c *atlas.Column) (PortableKind, error) {
	switch c.Type.Type.(type) {
	case *atlas.StringType:
		return PortableText, nil
	case *atlas.IntegerType:
		return PortableInteger, nil
	case *atlas.BinaryType:
		if t.Name == "embeddings" && c.Name == "vector" {
			return PortableVector, nil
		}
		return PortableBlob, nil
	}
	return "", fmt.Errorf("column %s.%s has a type that exports don't know", t.Name, c.Name)
}

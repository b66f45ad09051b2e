package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"strings"
	"sync"

	"ariga.io/atlas/sql/migrate"
	atlas "ariga.io/atlas/sql/schema"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/ragcorp/ragcorp/core/fault"
)

// ApplyOptions say how to bring a schema up to date.
type ApplyOptions struct {
	DryRun      bool // only plan
	Destructive bool // allow dropping tables and columns
	Quick       bool // trust the note that a former run left, if it is about the very same files
}

// Plan is what it takes to bring a schema up to date.
type Plan struct {
	Statements []string
}

// Apply brings the schema to its desired state and returns what it did, or would do. fault.Conflict when that would destroy
// data and o doesn't allow it.
func (s *Store) Apply(ctx context.Context, o ApplyOptions) (Plan, error) {
	return s.engine.apply(ctx, o)
}

// hclFiles parses the files of a schema.
func hclFiles(files fs.FS, dir string) (*hclparse.Parser, error) {
	names, err := fs.Glob(files, dir+"/*.hcl")
	if err != nil {
		return nil, err
	}
	p := hclparse.NewParser()
	for _, name := range names {
		src, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if _, diags := p.ParseHCL(src, name); diags.HasErrors() {
			return nil, errors.New(diags.Error())
		}
	}
	return p, nil
}

// fingerprint is a positive 31-bit hash of the files of a schema.
func fingerprint(files fs.FS, dir string) (int32, error) {
	names, err := fs.Glob(files, dir+"/*.hcl")
	if err != nil {
		return 0, err
	}
	h := fnv.New32a()
	for _, name := range names {
		src, err := fs.ReadFile(files, name)
		if err != nil {
			return 0, err
		}
		_, _ = h.Write(src) // never fails
	}
	return int32(h.Sum32()>>1) | 1, nil //nolint:gosec // 31 bits
}

// desired is the state that a schema is to have. It is planned for by one at a time, since atlas notes in it what it derives.
type desired struct {
	sync.Mutex
	*atlas.Schema
}

// plan says how to get there.
func (d *desired) plan(ctx context.Context, drv migrate.Driver, have *atlas.Schema, name string, o ApplyOptions) (*migrate.Plan, error) {
	d.Lock()
	defer d.Unlock()
	changes, err := drv.SchemaDiff(have, d.Schema)
	if err != nil {
		return nil, fmt.Errorf("compare schemas: %w", err)
	}
	if !o.Destructive {
		if err := refuseDestruction(changes); err != nil {
			return nil, err
		}
	}
	p, err := drv.PlanChanges(ctx, name, changes)
	if err != nil {
		return nil, fmt.Errorf("plan schema: %w", err)
	}
	return p, nil
}

// refuseDestruction reports changes that would destroy data.
func refuseDestruction(changes []atlas.Change) error {
	var lost []string
	for _, c := range changes {
		switch c := c.(type) {
		case *atlas.DropTable:
			lost = append(lost, "table "+c.T.Name)
		case *atlas.ModifyTable:
			for _, inner := range c.Changes {
				if drop, ok := inner.(*atlas.DropColumn); ok {
					lost = append(lost, "column "+c.T.Name+"."+drop.C.Name)
				}
			}
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return fault.Conflict.Errorf("bringing the schema up to date would destroy %s", strings.Join(lost, ", ")).Because("destructive")
}

func statements(p *migrate.Plan) []string {
	out := make([]string, 0, len(p.Changes))
	for _, c := range p.Changes {
		out = append(out, c.Cmd)
	}
	return out
}

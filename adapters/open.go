package adapters

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/ragcorp/ragcorp/adapters/parse"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core/document"
	"github.com/ragcorp/ragcorp/core/fault"
)

// OpenStore opens the database that DATABASE_URL names.
func OpenStore(ctx context.Context, c Config) (*sqlstore.Store, func(), error) {
	s, err := sqlstore.Open(ctx, c.Data.DatabaseURL, &sqlstore.Options{
		Connections: c.Data.Connections, Relaxed: c.Data.RelaxedSync, VectorCacheBytes: c.Data.VectorMemory, KeepSchema: !c.Data.AutoMigrate,
	})
	if err != nil {
		return nil, nil, err
	}
	return s, func() { _ = s.Close() }, nil // nothing is left to lose when a program ends
}

// OpenParser makes the parser, which reads files in processes of its own.
func OpenParser(c Config) (document.Parser, func()) {
	p := parse.New(parse.Options{
		MaxPages: c.Documents.MaxPages, MaxTextBytes: c.Documents.ParseText, MaxInputBytes: c.HTTP.MaxUpload, MaxMemory: c.Documents.ParseMemory,
		MaxUncompressed: c.Documents.ParseUnpacked, IdleAfter: c.Documents.ParseIdle,
		Convert: strings.Fields(c.Documents.Convert), OCR: strings.Fields(c.Documents.OCR),
		OCRLanguages: c.Documents.OCRLanguages, OCRTimeout: c.Documents.OCRTimeout,
		Timeout: c.Documents.ParseTimeout, CPUTime: c.Documents.ParseCPU, MaxFiles: c.Documents.ParseFiles, Children: max(1, c.Worker.Count), CacheDir: filepath.Join(c.Data.Dir, "cache"),
	})
	return p, func() { _ = p.Close() } // see OpenStore
}

func unknownScheme(variable, known string) error {
	return fault.Invalid.Errorf("%s has an unknown scheme; known are %s", variable, known)
}

// Package ragcorp lists, in one place, which parts make which program.
package ragcorp

import (
	"github.com/google/wire"

	"github.com/ragcorp/ragcorp/adapters"
	"github.com/ragcorp/ragcorp/adapters/blobstore"
	"github.com/ragcorp/ragcorp/adapters/httpapi"
	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/document"
)

//go:generate go tool wire gen ./shells/...

// App is the use cases over the adapters that the configuration names.
var App = wire.NewSet(
	adapters.OpenStore, wire.Bind(new(core.Store), new(*sqlstore.Store)),
	adapters.OpenBlobs, wire.Bind(new(document.Blobs), new(*blobstore.Store)),
	adapters.OpenParser, adapters.OpenEmbedder, adapters.OpenNextEmbedder, adapters.OpenGenerator, adapters.OpenContextWriter, adapters.OpenReranker,
	adapters.OpenTokens, adapters.OpenHasher,
	wire.Struct(new(core.Ports), "Store", "Blobs", "Parser", "Embedder", "Generator", "ContextWriter", "Reranker", "Tokens", "Hasher"),
	adapters.CoreOptions, adapters.OpenTelemetry, adapters.OpenApp,
)

// The programs.
var (
	HTTP   = wire.NewSet(App, adapters.OpenQueue, adapters.NewWorkers, httpapi.New)
	Worker = wire.NewSet(App, adapters.OpenQueue, adapters.NewWorkers)
	Ctl    = wire.NewSet(App)
)

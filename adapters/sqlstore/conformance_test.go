package sqlstore_test

import (
	"testing"

	"github.com/ragcorp/ragcorp/adapters/sqlstore"
	"github.com/ragcorp/ragcorp/core"
	"github.com/ragcorp/ragcorp/core/coretest"
)

var _ core.Store = (*sqlstore.Store)(nil)

func TestWorkspacesConform(t *testing.T) {
	t.Parallel()
	onEverySQLite(t, coretest.TestWorkspaces)
}

func TestDocumentsConform(t *testing.T) {
	t.Parallel()
	onEverySQLite(t, coretest.TestDocuments)
}

func TestPipelineConforms(t *testing.T) {
	t.Parallel()
	onEverySQLite(t, coretest.TestPipeline)
}

func TestJanitorConforms(t *testing.T) {
	t.Parallel()
	onEverySQLite(t, coretest.TestJanitor)
}

func TestConversationsConform(t *testing.T) {
	t.Parallel()
	onEverySQLite(t, coretest.TestConversations)
}

func TestTrailConforms(t *testing.T) {
	t.Parallel()
	onEverySQLite(t, coretest.TestTrail)
}

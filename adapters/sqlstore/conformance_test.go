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
	onEveryDatabase(t, coretest.TestWorkspaces)
}

func TestDocumentsConform(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestDocuments)
}

func TestPipelineConforms(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestPipeline)
}

func TestJanitorConforms(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestJanitor)
}

func TestSpacesConform(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestSpaces)
}

func TestConversationsConform(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestConversations)
}

func TestTrailConforms(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestTrail)
}

func TestRequestsConform(t *testing.T) {
	t.Parallel()
	onEveryDatabase(t, coretest.TestRequests)
}

package sqlstore_test

import (
	"os"
	"testing"

	"github.com/ragcorp/ragcorp/e2e/containers"
)

func TestMain(m *testing.M) { os.Exit(containers.Run(m)) }

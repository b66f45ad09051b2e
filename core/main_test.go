package core_test

import (
	"os"
	"testing"

	"github.com/ragcorp/ragcorp/e2e/servers"
)

func TestMain(m *testing.M) { os.Exit(servers.Run(m)) }

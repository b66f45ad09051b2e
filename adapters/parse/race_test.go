//go:build race

package parse

// racing says that the race detector is at work, which takes several times the memory.
const racing = true

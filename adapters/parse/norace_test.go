//go:build !race

package parse

// raceEnabled says that the race detector is at work, which takes several times the memory.
const raceEnabled = false

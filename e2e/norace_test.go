//go:build !race

package e2e

// raceEnabled says that the shells are built with the race detector, like the tests.
const raceEnabled = false

//go:build race

package remuda_test

// raceEnabled says that the race detector is on, which takes ten times as long.
const raceEnabled = true

//go:build race

package remudacli_test

// underRace says that everything is slow, and was tested without that before.
const underRace = true

//go:build !race

package remudacli_test

const underRace = false

package remuda_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
)

// FuzzKeyed is FuzzPool with a pool whose inputs have one of three keys.
func FuzzKeyed(f *testing.F) {
	for _, seed := range append(keyedScripts, scripts...) {
		f.Add([]byte(seed))
	}
	for i := range 200 {
		seed := make([]byte, 100+i*2)
		_, _ = rand.NewChaCha8([32]byte{byte(i), 2}).Read(seed)
		seed[0] &^= 3 // a pool that goes on after an error
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 600 {
			return
		}
		synctest.Test(t, func(t *testing.T) { (&play{t: t, script: data, keyed: true}).run() })
	})
}

// keyedScripts are seeds that do something in particular.
var keyedScripts = []string{
	// Three workers: inputs of a few keys in every way, of which some
	// call their pool, a crowd of one key, loops, and the ends of contexts.
	"\x20\x05\x03\x00\x00" +
		"\x02\x01\x03\x00\x02\x01\x03\x00\x02\x01\x04\x00\x02\x09\x03\x00\x02\x0d\x03\x00\x02\x0b\x01\x01" + "\x0c\x01\x03\x00\x14\x0f" +
		"\x06\x01\x00\x00\x03\x00\x00\x05\x01\x01\x00\x09\x04\x06\x00" + "\xe0\x02\x01\x03\x00\x01\xe3\x01\x02\x01\x03\x00\x05\x01\x01\x00\x03" +
		"\x08\x01\x0f\x09\x05\x0f\xe1\x07\x08\x02\x0f\x09\x0f\x0f\x09\x0f\x0f\x09\x0f\x0f",
	// No queue, and workers that come and go, in a pool that is stopped.
	"\x60\x00\x02\x00\x00" +
		"\x0c\x01\x03\x00\x14\x02\x0d\x03\x00\x0c\x01\x02\x00\x05\x07\x01\x0f\x09\x03\x07\x02\x0f\x09\x03\x0f" + "\xe2\x00\x02\x0f\x09\x0f",
}

package remuda_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No test may leave a goroutine behind. A server of net/http that has refused the
// rest of a request keeps the connection for half a second more, whoever closes
// it: longer than goleak waits when the tests of Herd's server come last.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

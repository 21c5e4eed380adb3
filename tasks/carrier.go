package tasks

import (
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// parseCarrier reads what message made, and what any other client pushed: all
// headers are optional.
func parseCarrier(id ID, header nats.Header, body []byte) *carrier {
	tag, _ := strconv.ParseUint(header.Get(headerTag), 10, 64)
	return &carrier{
		id: id, tag: tag, body: body, header: userHeader(header),
		pushed: getTime(header, headerPushed), expires: getTime(header, headerExpires),
		due: getTime(header, headerDue), key: unescape(header.Get(headerKey)),
	}
}

// getTime returns the zero time for a header that is not there or no time.
func getTime(h nats.Header, name string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, h.Get(name))
	return t
}

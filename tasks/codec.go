package tasks

import (
	"encoding/json"
	"fmt"
)

// An Encoding converts inputs and outputs to bytes and back. Decode gets a pointer.
// It may keep data, which nobody changes. An Encoding must be safe for concurrent
// use.
type Encoding interface {
	Encode(v any) ([]byte, error)
	Decode(data []byte, v any) error
}

// JSON is the Encoding of encoding/json.
var JSON Encoding = jsonCodec{} //nolint:gochecknoglobals // a value without state

// Raw is the Encoding of kinds whose inputs and outputs are []byte, which it leaves
// as they are; an output of another type is encoded as JSON.
var Raw Encoding = rawCodec{} //nolint:gochecknoglobals // a value without state

type jsonCodec struct{}

func (jsonCodec) Encode(v any) ([]byte, error)    { return json.Marshal(v) }
func (jsonCodec) Decode(data []byte, v any) error { return json.Unmarshal(data, v) }

type rawCodec struct{}

func (rawCodec) Encode(v any) ([]byte, error) {
	if b, ok := v.([]byte); ok {
		return b, nil
	}
	return json.Marshal(v)
}

func (rawCodec) Decode(data []byte, v any) error {
	if b, ok := v.(*[]byte); ok {
		*b = data
		return nil
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("raw codec: %w", err)
	}
	return nil
}

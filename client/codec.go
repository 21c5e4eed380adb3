package client

import (
	"encoding/json"
	"fmt"
)

// encode passes bytes as they are, and makes JSON of anything else.
func encode(in any) ([]byte, error) {
	if b, ok := in.([]byte); ok {
		return b, nil
	}
	b, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("remuda: encode the input: %w", err)
	}
	return b, nil
}

func decode(b []byte, out any) error {
	if raw, ok := out.(*[]byte); ok {
		*raw = b
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("remuda: decode the output: %w", err)
	}
	return nil
}

package herdhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// maxBody is how many bytes the body of a request may have.
const maxBody = 4 << 10

var errBody = errors.New(`want {"num": N} and nothing else`)

// readNum reads {"num": N} and nothing else. It goes by tokens: decoding into a
// map or a struct takes the last of several members with the same name, however
// they are escaped, and null for no value.
func readNum(body io.Reader) (int, error) {
	b, err := io.ReadAll(body)
	if err != nil {
		return 0, err
	}
	if !json.Valid(b) { // the tokens of a broken text may look right up to where it breaks
		return 0, errors.New("not a JSON value")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var tokens [4]json.Token
	for i := range tokens {
		if tokens[i], err = d.Token(); err != nil {
			return 0, errBody
		}
	}
	number, isNumber := tokens[2].(json.Number)
	if tokens[0] != json.Delim('{') || tokens[1] != "num" || !isNumber || tokens[3] != json.Delim('}') {
		return 0, errBody
	}
	num, err := strconv.Atoi(number.String())
	if err != nil {
		return 0, errors.New("num is not an integer of reasonable size")
	}
	return num, nil
}

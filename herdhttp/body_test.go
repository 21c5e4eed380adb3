package herdhttp_test

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/remuda-go/remuda"
)

// What is not exactly {"num": N} is refused with a message, and changes nothing.
func TestBadBodies(t *testing.T) {
	h := newHerd(t, 7)
	c := clientOf(t, h, "127.0.0.1:0")
	for _, body := range []string{
		``, ` `, `{`, `{}`, `[]`, `null`, `true`, `3`, `"3"`, `nonsense`, "\x00", "\xff\xfe",
		`{"num"}`, `{"num":}`, `{"num":3`, `{"num":3]`, `{num:3}`, `{'num':3}`, `{"num":3,}`, `{,"num":3}`, `{"num" 3}`, `{"num",3}`,
		`{"num":null}`, `{"num":"3"}`, `{"num":[3]}`, `{"num":{}}`, `{"num":true}`,
		`{"num":3.5}`, `{"num":3e1}`, `{"num":03}`, `{"num":+3}`, `{"num":0x3}`, `{"num":NaN}`, `{"num":--3}`,
		`{"num":99999999999999999999999}`, `{"num":-99999999999999999999999}`, `{"num":1e400}`,
		`{"num":9223372036854775807}`, `{"num":-9223372036854775808}`, `{"num":4294967299}`,
		`{"num":-3}`, `{"num":1000001}`,
		`{"Num":3}`, `{"NUM":3}`, `{"size":3}`, `{"":3}`, `{"num":3,"msg":"x"}`, `{"num":3,"Num":3}`, `{"msg":"success"}`,
		`{"num":3}{"num":3}`, `{"num":3} 3`, `{"num":3}x`, `{"num":3}}`, `{"num":3},`, `[{"num":3}]`, "\ufeff" + `{"num":3}`,
		`num=3`, `{"num":3}` + strings.Repeat(" ", 4096),
		`{"num":` + strings.Repeat("0", 5000) + `3}`, strings.Repeat("[", 4000), strings.Repeat("x", 1<<20),
		// The same name twice, in whatever spelling, the same number or another.
		`{"num":3,"num":3}`, `{"num":3,"num":4}`, `{"num":3,"n\u0075m":3}`, `{"n\u0075m":3,"num":3}`, `{"\u006eum":3,"nu\u006d":4}`,
		`{"num":null,"num":3}`, `{"num":3,"num":null}`, `{"num":null,"n\u0075m":3}`, `{"num":"x","num":3}`, `{"num":{"num":3},"num":3}`,
		`{"num":-1,"num":3}`, `{"num":3,"num":-1}`,
	} {
		a := c.patch(body)
		assert.Equal(t, http.StatusBadRequest, a.code, "%.40q", body)
		assert.NotEmpty(t, a.Msg, "%.40q", body)
		assert.Equal(t, 7, a.Num, "%.40q", body)
		assert.Equal(t, 7, h.HerdSize(), "%.40q", body)
	}
	for i, body := range []string{
		`{"num":1}`, " \t\r\n{ \"num\" : 2 } \n", `{"num":3}` + strings.Repeat(" ", 4096-9), `{"n\u0075m":4}`, `{"num":-0}`,
	} {
		assert.Equal(t, answer{200, (i + 1) % 5, "success"}, c.patch(body), "%.40q", body)
	}
}

// 10,000 requests of all kinds change the size only when they are valid.
func TestRandomRequests(t *testing.T) {
	const size = 4000
	h := newHerd(t, size)
	c := clientOf(t, h, "127.0.0.1:0")
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(s ...string) string { return s[rnd.IntN(len(s))] }
	want, changed := size, 0
	for range 10_000 {
		n := rnd.IntN(1000) - 100
		body := num(n)
		switch rnd.IntN(4) {
		case 0: // some bytes are others
			b := []byte(body)
			for range 1 + rnd.IntN(3) {
				b[rnd.IntN(len(b))] = byte(rnd.IntN(256))
			}
			body = string(b)
		case 1: // cut out, or doubled
			i := rnd.IntN(len(body))
			body = pick(body[:i], body[i:], body+body[i:], body[:i]+body, body[:len(body)-1]+","+body[1:])
		case 2:
			body = pick("", "{}", "null", `{"num":`, "\x00", strings.Repeat("9", rnd.IntN(6000)), strings.Repeat("{", rnd.IntN(6000)))
		}
		method := pick("PATCH", "PATCH", "PATCH", "PATCH", "POST", "PUT", "DELETE", "GET")
		header := pick("X-A: b", "X-A: b", "X-A: b", "Origin: http://evil.example", "Host: evil.example", "Content-Type: text/plain")
		a, _, _ := c.do(method, "/herd", body, header)
		asked, valid := plainNum(body)
		valid = valid && method == "PATCH" && !strings.Contains(header, "evil") && asked >= 0 && asked <= remuda.MaxHerdSize
		if valid {
			require.Equal(t, 200, a.code, "%s %s %q", method, header, body)
			want = asked
			changed++
		} else if method != "GET" {
			require.GreaterOrEqual(t, a.code, 400, "%s %s %q", method, header, body)
		}
		require.Equal(t, want, h.HerdSize(), "%s %s %q", method, header, body)
	}
	require.Greater(t, changed, 500)
}

// plainNum reads {"num": N} in a way that has nothing in common with the
// handler's.
func plainNum(body string) (int, bool) {
	space := func(s string) string { return strings.Trim(s, " \t\r\n") }
	s, ok := strings.CutPrefix(space(body), "{")
	s, ok2 := strings.CutSuffix(space(s), "}")
	name, number, ok3 := strings.Cut(space(s), ":")
	number = space(number)
	digits := strings.TrimPrefix(number, "-")
	n, err := strconv.Atoi(number)
	plain := err == nil && !strings.HasPrefix(number, "+") && (digits == "0" || digits[0] != '0')
	return n, ok && ok2 && ok3 && plain && space(name) == `"num"` && len(body) <= 4096
}

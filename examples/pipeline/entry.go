package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// An entry is a line of a log in the Common Log Format:
//
//	192.0.2.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /index.html HTTP/1.0" 200 2326
//
// What follows, as in the Combined Log Format, is left out.
type entry struct {
	Client  string     `json:"client"`
	Time    time.Time  `json:"time"`
	Request string     `json:"request"`
	Status  int        `json:"status"`
	Bytes   int64      `json:"bytes"`
	addr    netip.Addr // never written
}

var errFormat = errors.New("not in the Common Log Format")

func parse(line string) (entry, error) {
	addr, rest, ok1 := strings.Cut(line, " ")
	_, rest, ok2 := strings.Cut(rest, " [")
	at, rest, ok3 := strings.Cut(rest, `] "`)
	request, rest, ok4 := strings.Cut(rest, `" `)
	fields := strings.Fields(rest)
	if !ok1 || !ok2 || !ok3 || !ok4 || len(fields) < 2 {
		return entry{}, errFormat
	}
	e := entry{Request: request}
	var errs [4]error
	e.addr, errs[0] = netip.ParseAddr(addr)
	e.Time, errs[1] = time.Parse("02/Jan/2006:15:04:05 -0700", at)
	e.Status, errs[2] = strconv.Atoi(fields[0])
	if fields[1] != "-" {
		e.Bytes, errs[3] = strconv.ParseInt(fields[1], 10, 64)
	}
	return e, errors.Join(errs[:]...)
}

// A pseudonymizer gives the same address the same pseudonym.
type pseudonymizer struct{ key []byte }

func (p pseudonymizer) encode(e entry) ([]byte, error) {
	mac := hmac.New(sha256.New, p.key)
	mac.Write(e.addr.AsSlice())
	e.Client = hex.EncodeToString(mac.Sum(nil)[:8])
	line, err := json.Marshal(e)
	return append(line, '\n'), err
}

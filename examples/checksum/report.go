package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// A report writes what has become of the files, and remembers what went wrong.
type report struct {
	out       *bufio.Writer
	errs      io.Writer
	end       func() // of the progress: what follows is the last
	eager     bool   // somebody watches out
	verifying bool

	verified   int  // lines of the list
	malformed  *int // lines that are none
	unreadable int
	mismatched int
}

func newReport(con *console, verifying bool, malformed *int) *report {
	return &report{out: bufio.NewWriter(con.stdout), errs: con.stderr, end: con.endProgress, eager: con.watched, verifying: verifying, malformed: malformed}
}

// add reports one file. It returns an error if it cannot print.
func (r *report) add(h hashed, err error) error {
	if err != nil {
		r.unreadable++
		fmt.Fprintln(r.errs, "checksum:", err)
	}
	switch {
	case r.verifying && h.path != "": // else the list itself could not be read
		r.verify(h, err)
	case err == nil:
		r.out.WriteString(formatLine(h.sum, h.path))
	}
	if r.eager {
		return r.out.Flush()
	}
	_, err = r.out.Write(nil) // the error of any write before
	return err
}

// verify prints whether a file has the checksum that it should have.
func (r *report) verify(h hashed, err error) {
	r.verified++
	verdict := "OK"
	switch {
	case err != nil:
		verdict = "FAILED open or read"
	case h.sum != h.want:
		verdict = "FAILED"
		r.mismatched++
	}
	path := h.path
	if strings.Contains(path, "\n") { // keep to one line, as sha256sum does
		path = `\` + escape(path)
	}
	fmt.Fprintf(r.out, "%s: %s\n", path, verdict)
}

// interrupted says what was not done: since the output is in order, everything
// that comes after its last line.
func (r *report) interrupted(n *counts, last string) int {
	r.end()
	r.flush()
	done, left := n.done.Load(), n.found.Load()-n.done.Load()
	if done == 0 {
		fmt.Fprintf(r.errs, "checksum: interrupted: nothing is done, not even the first of at least %d files\n", left)
	} else {
		fmt.Fprintf(r.errs, "checksum: interrupted after %d files, the last of them %s; what comes after it is not done: at least %d files\n",
			done, escape(last), left)
	}
	return exitInterrupted
}

// finish ends the report and returns the exit status.
func (r *report) finish() int {
	r.end()
	ok := r.flush()
	switch {
	case r.verifying && r.verified == 0 && r.unreadable == 0:
		fmt.Fprintln(r.errs, "checksum: no properly formatted checksum lines found")
		return exitFailed
	case r.verifying:
		r.warn(*r.malformed, "lines are improperly formatted")
		r.warn(r.unreadable, "listed files could not be read")
		r.warn(r.mismatched, "computed checksums did NOT match")
	}
	if !ok || r.unreadable > 0 || r.mismatched > 0 {
		return exitFailed
	}
	return exitOK
}

func (r *report) warn(n int, what string) {
	if n > 0 {
		fmt.Fprintf(r.errs, "checksum: WARNING: %d %s\n", n, what)
	}
}

// flush reports whether everything could be printed.
func (r *report) flush() bool {
	if err := r.out.Flush(); err != nil {
		fmt.Fprintln(r.errs, "checksum:", err)
		return false
	}
	return true
}

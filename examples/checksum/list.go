package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
)

// escape writes a path as sha256sum does, on one line.
func escape(path string) string {
	path = strings.ReplaceAll(path, `\`, `\\`)
	path = strings.ReplaceAll(path, "\n", `\n`)
	return strings.ReplaceAll(path, "\r", `\r`)
}

// unescape undoes escape. It reports false for what escape never writes.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, `\`)
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		if after == "" {
			return "", false
		}
		switch after[0] {
		case '\\':
			b.WriteByte('\\')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		default:
			return "", false
		}
		s = after[1:]
	}
}

// formatLine is a line of sha256sum, which begins with a backslash if the path
// had to be escaped.
func formatLine(sum [sha256.Size]byte, path string) string {
	escaped, mark := escape(path), ""
	if escaped != path {
		mark = `\`
	}
	return fmt.Sprintf("%s%x  %s\n", mark, sum, escaped)
}

// parseLine is the inverse of formatLine. It takes the lines of other systems
// too: with a * before the path, with upper-case digits, and ended by CR LF.
func parseLine(line string) (file, bool) {
	line = strings.TrimLeft(line, " \t")
	line, escaped := strings.CutPrefix(line, `\`)
	const digits = 2 * sha256.Size
	if len(line) <= digits+2 || line[digits] != ' ' || line[digits+1] != ' ' && line[digits+1] != '*' {
		return file{}, false
	}
	f := file{path: line[digits+2:]}
	if _, err := hex.Decode(f.want[:], []byte(line[:digits])); err != nil {
		return file{}, false
	}
	if escaped {
		path, ok := unescape(f.path)
		f.path = path
		return f, ok
	}
	return f, true
}

// openList opens the list to verify.
func openList(name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	return os.Open(name)
}

// readList yields the files of a list, and counts the lines that are none. A
// list that cannot be read to its end is yielded as a file with that error.
func readList(list io.Reader, malformed *int) iter.Seq[file] {
	return func(yield func(file) bool) {
		lines := bufio.NewReader(list)
		for {
			line, err := lines.ReadString('\n')
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if line != "" && line[0] != '#' {
				f, ok := parseLine(line)
				if !ok {
					*malformed++
				} else if !yield(f) {
					return
				}
			}
			if err != nil {
				if err != io.EOF {
					yield(file{err: err})
				}
				return
			}
		}
	}
}

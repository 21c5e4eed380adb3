package main

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
)

// walk yields the regular files under root in the order of their paths as they
// are printed, byte by byte. It holds one directory's names for each level, and
// no more. Symbolic links are not followed, but for root itself. What cannot be
// read is yielded with the error.
func walk(root string) iter.Seq[file] {
	return func(yield func(file) bool) {
		info, err := os.Stat(root)
		switch {
		case err != nil:
			yield(file{path: root, err: err})
		case info.IsDir():
			walkDir(strings.TrimSuffix(root, "/")+"/", yield)
		case info.Mode().IsRegular():
			yield(file{path: root})
		default:
			yield(file{path: root, err: &fs.PathError{Op: "walk", Path: root, Err: errors.New("neither a directory nor a regular file")}})
		}
	}
}

// walkDir walks a directory, whose path ends in a slash. It returns false when
// yield did.
func walkDir(dir string, yield func(file) bool) bool {
	entries, err := os.ReadDir(dir)
	if err != nil && !yield(file{path: dir, err: err}) {
		return false
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(sortKey(a), sortKey(b)) })
	for _, e := range entries {
		path := dir + e.Name()
		switch {
		case e.IsDir():
			if !walkDir(path+"/", yield) {
				return false
			}
		case e.Type().IsRegular():
			if !yield(file{path: path}) {
				return false
			}
		}
	}
	return true
}

// sortKey is what the printed paths of an entry, or under it, begin with. It
// ends in a slash for a directory: "a.txt" comes before "a/b", although "a"
// comes before "a.txt". That is why [filepath.WalkDir] would not do.
func sortKey(e fs.DirEntry) string {
	if e.IsDir() {
		return escape(e.Name()) + "/"
	}
	return escape(e.Name())
}

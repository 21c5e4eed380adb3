//go:build !linux

package disk

// Ordered reports whether the file system of the directory is known to write the
// content of a file before the rename that puts it in another's place.
func Ordered(string) bool { return false }

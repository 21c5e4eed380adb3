// Package tasks runs work that outlives the process.
package tasks

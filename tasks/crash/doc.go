// Package crash holds the tests that kill processes at given points: the failure
// table and the rules of package tasks, with real processes.
package crash

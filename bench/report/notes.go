package report

// notes are remarks on the results, by scenario: above all, why remuda loses
// where it does. They are written by hand; look at them after each new run.
var notes = map[string]string{}

package report

// absent is about the pools that could not be measured here.
const absent = `## Not measured here

tunny (Jeffail/tunny), rill (destel/rill), varmq (goptics/varmq), hmoragrega/workers and gofherd (darshanime/gofherd) could not be resolved as Go modules on the
machine that measured this; they are not left out for any other reason. If they can be had where you are, an adapter is one short file in ` + "`contender/`" + `.

All of them but varmq were part of a separate study, made before remuda was written, on a different virtual machine of 2 cores (Go 1.26, medians of 8
interleaved rounds, spread 10 to 40 %). There a *prototype* of remuda's design ran beside them. What follows is from that study. Its figures must not be compared with those
above; its ratios may be, with care.

| | what | figure | beside it in that study |
|---|---|--:|---|
| tunny | round trip, 1 caller, ns | 1,013–1,251 | unbuffered channel 340–402, ants 634, pond 5,000; the prototype 480 by hand-off and 14–28 inline |
| tunny | round trip, 100 callers on 2 workers, ns | 629 | ants 799; the prototype 277 by hand-off and 72–145 inline |
| tunny | start and close of 100 workers, µs | 137 | ants 42, pond 15, conc 1.9; the prototype 2.1 |
| tunny | an idle worker, KB | 4.0 | ants 2.3; the prototype 2.1–2.4 |
| tunny | resize 1 → 10,000 → 1, ms | 45 | the prototype 5.6 |
| rill | 1,000,000 no-op items, ns each | 406–611 | conc/stream 730, errgroup 382–515, conc/iter 19–32; the prototype 17–31 |
| hmoragrega/workers | a run of a looping worker, ns | 9–14 | a loop by hand 2–3; the prototype 6–8 with panics caught |
| hmoragrega/workers | resize 1 → 10,000 → 1, ms | 55 | the prototype 5.6 |
| gofherd | SendWork to OutputChan, ns | 866–938, 9 allocations | the prototype 63–112, no allocation |
| gofherd | resize 1 → 10,000 → 1, ms | 27 | the prototype 5.6 |
`

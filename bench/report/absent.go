package report

// absent is about the pools that could not be measured here.
const absent = `## Not measured here

varmq (goptics/varmq), hmoragrega/workers and gofherd (darshanime/gofherd) could not be resolved as Go modules on the
machine that measured this; they are not left out for any other reason. If they can be had where you are, an adapter is one short file in ` + "`contender/`" + `.

hmoragrega/workers and gofherd were part of a separate study, made before remuda was written, on a different virtual machine of 2 cores (Go 1.26, medians of 8
interleaved rounds, spread 10 to 40 %). There a *prototype* of remuda's design ran beside them. What follows is from that study. Its figures must not be compared with those
above; its ratios may be, with care.

| | what | figure | beside it in that study |
|---|---|--:|---|
| hmoragrega/workers | a run of a looping worker, ns | 9–14 | a loop by hand 2–3; the prototype 6–8 with panics caught |
| hmoragrega/workers | resize 1 → 10,000 → 1, ms | 55 | the prototype 5.6 |
| gofherd | SendWork to OutputChan, ns | 866–938, 9 allocations | the prototype 63–112, no allocation |
| gofherd | resize 1 → 10,000 → 1, ms | 27 | the prototype 5.6 |
`

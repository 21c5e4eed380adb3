package embedded

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A journal holds which runs have begun and not ended. It is a file of lines: "+",
// the sequence of the task's record, a blank and the ID when a run begins; "-", a
// blank and the ID when its end is recorded; "shared" if others may connect to the
// server; "boot", a blank and the kernel's boot that it was written under; "closed"
// when all of the store is on disk. It is not synced before that: it is for the end of
// a process, which the kernel survives.
//
// Tasks that were running when the process ended, and so may have ended it, are
// suspects (rule 11).
type journal struct {
	path      string
	wasShared bool
	powerCut  bool // the kernel has ended since the journal was written, and not all was on disk

	mu      sync.Mutex // guards what follows
	file    *os.File
	open    map[string]begun
	written int  // bytes since it was last written anew
	torn    bool // a write has failed
	shared  bool
}

// begun is how many runs of a task began under the record with the sequence.
type begun struct {
	seq uint64
	n   int
}

// rewriteAt is how many bytes make the journal be written anew, without the runs
// that have ended.
const rewriteAt = 4 << 20

func openJournal(path string, shared bool) (*journal, error) {
	j := &journal{path: path, shared: shared, open: make(map[string]begun)}
	if err := j.read(); err != nil {
		return nil, fmt.Errorf("remuda: journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.rewriteLocked(); err != nil {
		return nil, fmt.Errorf("remuda: journal: %w", err)
	}
	return j, nil
}

func (j *journal) read() error {
	file, err := os.Open(j.path)
	if os.IsNotExist(err) { // the first time, or it was lost
		j.powerCut = true
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	boot, closed := "", false
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		head, id, _ := strings.Cut(lines.Text(), " ")
		switch {
		case head == "shared":
			j.wasShared = true
		case head == "boot":
			boot = id
		case head == "closed":
			closed = true
		case head == "-":
			delete(j.open, id)
		case strings.HasPrefix(head, "+") && id != "":
			seq, err := strconv.ParseUint(head[1:], 10, 64)
			if err == nil { // half a line is one of a run that did not begin
				j.beganLocked(id, seq)
			}
		}
	}
	j.powerCut = boot != bootID() && !closed
	return lines.Err()
}

// bootID names the time since the kernel began, or is empty where there is no such
// name.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

func (j *journal) beganLocked(id string, seq uint64) {
	b := j.open[id]
	if b.seq != seq {
		b = begun{seq: seq}
	}
	b.n++
	j.open[id] = b
}

// rewriteLocked writes what is open into a new file and puts it in the place of
// the old one.
func (j *journal) rewriteLocked() error {
	next, err := os.Create(j.path + ".new")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(next)
	if j.shared {
		fmt.Fprintln(w, "shared")
	}
	fmt.Fprintln(w, "boot", bootID())
	for id, b := range j.open {
		for range b.n {
			fmt.Fprintf(w, "+%d %s\n", b.seq, id)
		}
	}
	if err := w.Flush(); err != nil {
		return errors.Join(err, next.Close())
	}
	if err := os.Rename(j.path+".new", j.path); err != nil {
		return errors.Join(err, next.Close())
	}
	if j.file != nil {
		_ = j.file.Close() // it has no name any more
	}
	j.file, j.written, j.torn = next, 0, false
	return nil
}

// appendLocked writes a line, and first the whole file anew if that has become long,
// or if it may end in half a line.
func (j *journal) appendLocked(line string) error {
	if j.torn || j.written > rewriteAt {
		if err := j.rewriteLocked(); err != nil {
			return fmt.Errorf("remuda: journal: %w", err)
		}
	}
	n, err := j.file.WriteString(line)
	j.written += n
	if err != nil {
		j.torn = true
		return fmt.Errorf("remuda: journal: %w", err)
	}
	return nil
}

// Begin notes that a run begins. After an error it must not: it would not count.
func (j *journal) Begin(id string, seq uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.appendLocked("+" + strconv.FormatUint(seq, 10) + " " + id + "\n"); err != nil {
		return err
	}
	j.beganLocked(id, seq)
	return nil
}

// End forgets the runs of the task, even if it returns an error: its record, which
// has been written, makes void what is left of them in the file.
func (j *journal) End(id string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.open[id]; !ok {
		return nil
	}
	delete(j.open, id)
	return j.appendLocked("- " + id + "\n")
}

// Interrupted counts the runs that began under the record and did not end.
func (j *journal) Interrupted(id string, seq uint64) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if b := j.open[id]; b.seq == seq {
		return b.n
	}
	return 0
}

// synced notes that all of the store is on disk.
func (j *journal) synced() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.appendLocked("closed\n"); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("remuda: journal: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}

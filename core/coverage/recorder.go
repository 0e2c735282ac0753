package coverage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// Recorder provides the counters of files. They stay mapped until the process ends,
// because it is not known when the last function that counts is gone.
type Recorder struct {
	dir    string
	choice Choice

	mu     sync.Mutex
	mapped map[string][]uint64 // by the name of the counter file
}

// Open opens the run in a directory.
func Open(dir string) (*Recorder, error) {
	text, err := os.ReadFile(filepath.Join(dir, choiceFile))
	if err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	r := &Recorder{dir: dir, mapped: map[string][]uint64{}}
	if err := json.Unmarshal(text, &r.choice); err != nil {
		return nil, fmt.Errorf("coverage: %s in %s: %w", choiceFile, dir, err)
	}
	return r, nil
}

// Counters returns the counters of what was loaded as name, one for each instruction;
// lines are their lines. It is nil for what is not counted: files that the run did not
// choose, and text that does not come from a file, as in loadstring. A relative name is
// relative to the root of the run or, in a process that has changed its directory, to
// its working directory. All who load the same source get the same counters, and must
// add to them atomically.
//
// Errors make the report incomplete; the script does not fail.
func (r *Recorder) Counters(name string, source []byte, lines []int32) []uint64 {
	for _, base := range []string{r.choice.Root, "."} {
		file := name
		if !filepath.IsAbs(name) {
			file = filepath.Join(base, name)
		}
		file, err := filepath.Abs(file)
		if err != nil {
			continue
		}
		below, ok := r.choice.below(file)
		if !ok || !r.choice.has(below) {
			continue
		}
		if text, err := os.ReadFile(file); err == nil && bytes.Equal(text, source) {
			return r.open(below, source, lines)
		}
	}
	return nil
}

func (r *Recorder) open(name string, source []byte, lines []int32) []uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	file := fileName(name, source)
	counters, ok := r.mapped[file]
	if !ok {
		m, err := r.mapOrCreate(filepath.Join(r.dir, file), name, lines)
		if err != nil {
			return nil
		}
		counters = countersIn(m, len(lines))
		r.mapped[file] = counters
	}
	return counters
}

// mapOrCreate maps a file of counters, and creates it if this is the first process that
// has loaded the source.
func (r *Recorder) mapOrCreate(path, name string, lines []int32) ([]byte, error) {
	size := sizeOf(name, lines)
	m, err := mapFile(path, size)
	if errors.Is(err, os.ErrNotExist) {
		m, err = r.create(path, name, lines)
	}
	if errors.Is(err, os.ErrExist) { // another process was faster
		m, err = mapFile(path, size)
	}
	return m, err
}

// create creates a file of counters under another name first, so that nobody sees an
// incomplete one.
func (r *Recorder) create(path, name string, lines []int32) ([]byte, error) {
	f, err := os.CreateTemp(r.dir, "new-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	size := sizeOf(name, lines)
	// Without disk space for all of it, counting could cause a bus error. Some file
	// systems cannot reserve space.
	err = unix.Fallocate(int(f.Fd()), 0, 0, int64(size))
	if errors.Is(err, unix.EOPNOTSUPP) {
		err = f.Truncate(int64(size))
	}
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(header(name, lines), 0); err != nil {
		return nil, err
	}
	m, err := mapOpen(f, size)
	if err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil {
		_ = unix.Munmap(m)
		return nil, err
	}
	return m, nil
}

func mapFile(path string, size int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Size() != int64(size) {
		err = fmt.Errorf("coverage: wanted %d bytes in %s, got %d", size, path, info.Size())
	}
	if err != nil {
		return nil, err
	}
	return mapOpen(f, size)
}

func mapOpen(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

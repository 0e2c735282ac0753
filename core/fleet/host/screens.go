package host

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"avescript/core/fleet/wire"
)

// Limits of what is sent of terminals while tests run. The recordings of failed tests are
// artifacts, too, and those are complete.
const (
	screenEvery  = 200 * time.Millisecond
	mostScreens  = 50       // of a job
	mostOfScreen = 1 << 20  // bytes of one
	screenPart   = 64 << 10 // bytes that are read at a time
)

// screens sends what is added to the recordings of a job, so that one can look at terminals
// while its tests run.
type screens struct {
	job   *job
	dir   string
	known map[string]*tail
}

// tail is a recording that is still written.
type tail struct {
	wire.Screen
	file *os.File
	rest []byte // the beginning of a line
	sent int
}

// showScreens sends recordings until ctx ends, and then what is left of them.
func (j *job) showScreens(ctx context.Context, dir string) {
	s := &screens{job: j, dir: dir, known: map[string]*tail{}}
	defer s.close()
	ticker := time.NewTicker(screenEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			s.look()
			return
		case <-ticker.C:
			s.look()
		}
	}
}

// look looks for new recordings, and for new lines in known ones. Names come from the job,
// so nothing outside of its directory is read.
func (s *screens) look() {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return
	}
	defer root.Close()
	if list, err := root.Open(wire.JobRecordings); err == nil {
		names, _ := list.Readdirnames(10 * mostScreens)
		list.Close()
		slices.Sort(names)
		for _, name := range names {
			s.add(root, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.known)) {
		if t := s.known[name]; t.file != nil && !s.send(t) {
			t.file.Close()
			t.file = nil
		}
	}
}

func (s *screens) add(root *os.Root, name string) {
	title, isCast := strings.CutSuffix(name, ".cast")
	if s.known[name] != nil || !isCast || len(s.known) == mostScreens {
		return
	}
	f, _, err := openFile(root, filepath.Join(wire.JobRecordings, name))
	if err != nil {
		return
	}
	s.job.mu.Lock()
	test := s.job.test
	s.job.mu.Unlock()
	s.known[name] = &tail{Screen: wire.Screen{Test: test, Name: title}, file: f}
}

// send sends the complete lines that are new. It reports whether there can be more.
func (s *screens) send(t *tail) bool {
	buffer := make([]byte, screenPart)
	for !s.job.out.isFull() {
		n, err := t.file.Read(buffer)
		t.rest = append(t.rest, buffer[:n]...)
		if end := bytes.LastIndexByte(t.rest, '\n') + 1; end > 0 {
			screen := t.Screen
			screen.Cast = string(t.rest[:end])
			s.job.out.add(wire.Output{Screen: &screen})
			t.rest = slices.Clone(t.rest[end:])
			t.sent += end
		}
		if t.sent > mostOfScreen || len(t.rest) > mostOfScreen {
			return false
		}
		if err != nil || n == 0 {
			return err == nil || errors.Is(err, io.EOF)
		}
	}
	return true
}

func (s *screens) close() {
	for _, t := range s.known {
		if t.file != nil {
			t.file.Close()
		}
	}
}

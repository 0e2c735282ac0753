package suite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"avescript/core/harness"
)

// longestName limits the part of a test's name in the name of a recording, in
// bytes.
const longestName = 80

// recording is a file that a command is recorded in.
type recording struct {
	harness.Artifact
	err atomic.Pointer[error] // the first error
}

// fail records why the recording is incomplete. Any goroutine may call it.
func (r *recording) fail(err error) { r.err.CompareAndSwap(nil, &err) }

// artifact returns the recording as a report names it.
func (r *recording) artifact() harness.Artifact {
	a := r.Artifact
	if err := r.err.Load(); err != nil {
		a.Missing = cause(*err).Error()
	}
	return a
}

// cause returns an error without the file that it is about.
func cause(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}

// NextRecording implements [vm.TestRun]. It returns no file if commands are not
// recorded, if no test is running, or if the file cannot be made: the test then
// continues without.
func (s *session) NextRecording(argv []string) (file *os.File, fail func(error)) {
	if s.opts.Record == "" || s.running() == nil {
		return nil, nil
	}
	name := fileName(append([]string{strings.TrimSuffix(filepath.Base(s.file), ".lua")}, s.running().Path...))
	prefix := filepath.Join(s.opts.Record, name)
	err := os.MkdirAll(s.opts.Record, 0o777)
	if err == nil {
		file, err = createNext(prefix, len(s.recordings)+1)
	}
	r := &recording{Artifact: harness.Artifact{Kind: "recording", Name: strings.Join(argv, " "), Path: prefix}}
	s.recordings = append(s.recordings, r)
	if err != nil {
		r.fail(err)
		return nil, nil
	}
	r.Path = file.Name()
	return file, r.fail
}

// createNext makes a file with the first free number from n on: another test, or
// another attempt of this one, may have kept a recording with that name.
func createNext(prefix string, n int) (*os.File, error) {
	for ; ; n++ {
		file, err := os.OpenFile(fmt.Sprintf("%s-%d.cast", prefix, n), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// fileName makes a file name of words, without characters that are special in a
// shell.
func fileName(words []string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '-'
	}, strings.Join(words, "-"))
	return name[:min(len(name), longestName)]
}

// keepRecordings adds the recordings of a test to its event if the test went wrong,
// and removes them otherwise.
func (s *session) keepRecordings(e *harness.Event) {
	if e.Bad() {
		for _, r := range s.recordings {
			e.Artifacts = append(e.Artifacts, r.artifact())
		}
	} else {
		for _, r := range s.recordings {
			_ = os.Remove(r.Path)
		}
	}
	s.recordings = nil
}

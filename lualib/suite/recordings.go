package suite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
)

// longestName is how much of a test's name is in that of a recording, in bytes.
const longestName = 80

// NextRecording makes the file that the next command of the test that is running
// is to be recorded in. It is nil if that isn't. The caller closes it.
func NextRecording(L *lua.LState, argv []string) (*os.File, error) {
	s := of(L)
	if s.opts.Record == "" || s.running() == nil {
		return nil, nil
	}
	if err := os.MkdirAll(s.opts.Record, 0o777); err != nil {
		return nil, err
	}
	name := fileName(append([]string{strings.TrimSuffix(filepath.Base(s.file), ".lua")}, s.running().Path...))
	file, err := createNext(filepath.Join(s.opts.Record, name), len(s.recordings)+1)
	if err == nil {
		s.recordings = append(s.recordings, harness.Artifact{Kind: "recording", Name: strings.Join(argv, " "), Path: file.Name()})
	}
	return file, err
}

// createNext makes the file of the first free number from n on: another test, or
// another attempt at this one, may have kept a recording of that name.
func createNext(prefix string, n int) (*os.File, error) {
	for ; ; n++ {
		file, err := os.OpenFile(fmt.Sprintf("%s-%d.cast", prefix, n), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// fileName makes words a name without anything that a shell would notice.
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

// keepRecordings gives the recordings of a test that has ended to its event if
// that is a bad one, and removes them otherwise.
func (s *session) keepRecordings(e *harness.Event) {
	if e.Bad() {
		e.Artifacts = append(e.Artifacts, s.recordings...)
	} else {
		for _, recording := range s.recordings {
			_ = os.Remove(recording.Path)
		}
	}
	s.recordings = nil
}

package suite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
)

// longestName is how much of a test's name is in that of a recording, in bytes.
const longestName = 80

// NextRecording is where the next command of the test that is running is to be
// recorded, or "" if it isn't.
func NextRecording(L *lua.LState, argv []string) string {
	s := of(L)
	if s.opts.Record == "" || s.current == nil || os.MkdirAll(s.opts.Record, 0o777) != nil {
		return ""
	}
	name := fileName(append([]string{strings.TrimSuffix(filepath.Base(s.file), ".lua")}, s.current.Path...))
	path := filepath.Join(s.opts.Record, fmt.Sprintf("%s-%d.cast", name, len(s.recordings)+1))
	s.recordings = append(s.recordings, harness.Artifact{Kind: "recording", Name: strings.Join(argv, " "), Path: path})
	return path
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

package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"avescript/core/exceptions"
	"avescript/core/printable"
	"avescript/core/process"
)

// ErrEOF is the class of the error that the program has ended before it did what was
// expected.
var ErrEOF = func() *exceptions.Class {
	class, err := exceptions.Define("EOF", nil)
	if err != nil {
		panic(err) // the name is valid
	}
	return class
}()

const (
	shownLines  = 10
	shownWidth  = 200
	detailBytes = 64 << 10 // of output in the details of an error
)

// failure is the error that the program did not do what was expected. It describes the
// program, what it is doing, and its last output.
func (s *Session) failure(class *exceptions.Class, wanted string, timeout time.Duration) error {
	v := s.out.view()
	return s.failed(class, wanted, timeout, lastLines(v), string(v.text[max(len(v.text)-detailBytes, 0):]))
}

func (s *Session) failed(class *exceptions.Class, wanted string, timeout time.Duration, shown, out string) error {
	within := ""
	if class == exceptions.Timeout {
		within = fmt.Sprintf(" within %v", timeout)
	}
	e := class.Newf("%s %s%s; %s; %s", wanted, strings.Join(s.program.Argv, " "), within, s.state(), shown)
	e.Details = map[string]any{"cmd": append([]string{}, s.program.Argv...), "out": out}
	return e
}

// state describes what the program is doing.
func (s *Session) state() string {
	if s.HasEnded() {
		status, _ := s.out.result()
		if status < 0 {
			return fmt.Sprintf("it was killed by signal %d", -status)
		}
		return fmt.Sprintf("it exited with status %d", status)
	}
	state := fmt.Sprintf("process %d %s", s.PID(), activity(s.PID()))
	// The job that a shell has started matters more than the shell.
	if group := s.foreground(); group > 0 && group != s.PID() {
		if stat, err := process.ReadStat(group); err == nil {
			state += fmt.Sprintf(", foreground process %d (%s) %s", group, stat.Comm, activity(group))
		}
	}
	return state
}

// foreground is the process group that reads from the terminal, 0 if there is none.
func (s *Session) foreground() (group int) {
	s.open.RLock()
	defer s.open.RUnlock()
	if s.isOver {
		return 0
	}
	group, _ = s.program.Foreground()
	return group
}

// activity describes the state of a process.
func activity(pid int) string {
	stat, err := process.ReadStat(pid)
	switch {
	case err != nil || stat.Dead():
		return "has ended"
	case stat.Stopped():
		return "is stopped"
	case stat.State == 'R':
		return "is running"
	case stat.State == 'D':
		return "is waiting for a device"
	}
	return "is waiting"
}

// lastLines shows the end of the output that was not taken yet.
func lastLines(v view) string {
	if len(v.text) == 0 {
		return "it has no unread output"
	}
	text := v.text[max(len(v.text)-shownLines*shownWidth, 0):]
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	lines = lines[max(len(lines)-shownLines, 0):]
	shown := "its last output:"
	for _, line := range lines {
		line = bytes.TrimSuffix(line, []byte("\r"))
		shown += "\n    " + printable.Line(string(line[max(len(line)-shownWidth, 0):]))
	}
	return shown
}

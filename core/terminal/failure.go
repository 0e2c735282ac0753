package terminal

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"avescript/core/exceptions"
	"avescript/core/process"
)

// ErrEOF is the class of the error that the program has ended from which more
// was wanted.
var ErrEOF = func() *exceptions.Class {
	class, err := exceptions.Define("EOF", nil)
	if err != nil {
		panic(err) // the name is one
	}
	return class
}()

const (
	shownLines  = 10
	shownWidth  = 200
	detailBytes = 64 << 10 // of output in the details of an error
)

// failure is the error that the program did not do what was wanted. It has the
// program, what it does now and what it wrote last.
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

// state tells what the program is doing.
func (s *Session) state() string {
	if s.HasEnded() {
		status, _ := s.out.result()
		if status < 0 {
			return fmt.Sprintf("it was ended by signal %d", -status)
		}
		return fmt.Sprintf("it has ended with status %d", status)
	}
	state := fmt.Sprintf("process %d %s", s.PID(), activity(s.PID()))
	// What a shell has started matters more than the shell.
	if group := s.foreground(); group > 0 && group != s.PID() {
		if stat, err := process.ReadStat(group); err == nil {
			state += fmt.Sprintf(", in the foreground %s, process %d, %s", stat.Comm, group, activity(group))
		}
	}
	return state
}

// foreground is the process group that reads from the terminal, 0 if there is
// none.
func (s *Session) foreground() (group int) {
	s.open.RLock()
	defer s.open.RUnlock()
	if s.isOver {
		return 0
	}
	group, _ = s.program.Foreground()
	return group
}

// activity puts the state of a process into words.
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
		return "waits for a device"
	}
	return "sleeps"
}

// lastLines shows the end of the output that nobody has taken.
func lastLines(v view) string {
	if len(v.text) == 0 {
		return "it has written nothing that was not taken yet"
	}
	text := v.text[max(len(v.text)-shownLines*shownWidth, 0):]
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	lines = lines[max(len(lines)-shownLines, 0):]
	shown := "it wrote last:"
	for _, line := range lines {
		line = bytes.TrimSuffix(line, []byte("\r"))
		shown += "\n    " + readable(line[max(len(line)-shownWidth, 0):])
	}
	return shown
}

// readable escapes what is not text.
func readable(line []byte) string {
	quoted := strconv.Quote(string(line))
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

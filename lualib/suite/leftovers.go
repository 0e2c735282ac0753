package suite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/core/harness/leftovers"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// Severity says what comes of things that a test leaves behind.
type Severity string

const (
	Fail Severity = "fail"
	Warn Severity = "warn"
	Off  Severity = "off"
)

// Severities is one for each kind of leftovers.
type Severities map[string]Severity

// DefaultSeverities fail a test for what goes on without it: children, and the
// terminals of children.
func DefaultSeverities() Severities {
	s := Severities{}
	for _, kind := range leftovers.Kinds {
		s[kind] = Warn
	}
	s[leftovers.Process], s[leftovers.PTY] = Fail, Fail
	return s
}

// Set reads "fail", "warn" or "off", for all kinds, or KIND=SEVERITY for one.
func (s Severities) Set(text string) error {
	kind, severity, one := strings.Cut(text, "=")
	if !one {
		kind, severity = "", text
	}
	if !slices.Contains([]Severity{Fail, Warn, Off}, Severity(severity)) {
		return fmt.Errorf("wanted fail, warn or off, got %q", severity)
	}
	if one && !slices.Contains(leftovers.Kinds, kind) {
		return fmt.Errorf("wanted one of %s, got %q", strings.Join(leftovers.Kinds, ", "), kind)
	}
	for _, k := range leftovers.Kinds {
		if kind == "" || kind == k {
			s[k] = Severity(severity)
		}
	}
	return nil
}

// remains is what a session knows of leftovers.
type remains struct {
	watcher *leftovers.Watcher // nil where nobody looks
	levels  []leftovers.Things // what there was when each block, and the test, began
	made    map[leftovers.Identity]harness.Frame
	parts   map[leftovers.Identity]bool // of things that are told of
	leaks   []harness.Leak              // for the next event

	// overdue is set when the time of a test was over, until it is looked for what
	// that has left behind: what it has started is part of what the report says of
	// it, and is ended.
	overdue bool
}

// look notes what there is when a block or a test begins.
func look(c *bind.Call) error {
	if r := &of(c.L).remains; r.watcher != nil {
		r.levels = append(r.levels, r.watcher.Look())
	}
	return nil
}

// left looks for what is new since the call of look that belongs to it. It returns
// a message if that is a reason to fail.
func left(c *bind.Call) error {
	s := of(c.L)
	r := &s.remains
	if r.watcher == nil || len(r.levels) == 0 {
		return nil
	}
	before, overdue := r.levels[len(r.levels)-1], r.overdue
	r.levels, r.overdue = r.levels[:len(r.levels)-1], false
	if r.watcher.Clean(before) {
		return nil
	}
	var found []leftovers.Left
	c.Unlocked(func(context.Context) { found = s.find(before, overdue) })
	if overdue {
		r.forgive()
		return nil
	}
	var lines []string
	for _, l := range found {
		severity := s.opts.Leaks[l.Kind]
		if severity == Off || r.parts[l.Identity] {
			continue
		}
		leak := l.Leak(r.maker(l), severity == Fail)
		r.leaks = append(r.leaks, leak)
		if leak.Fail {
			lines = append(lines, describeLeak(leak))
		}
	}
	if len(found) > 0 {
		r.forgive()
	}
	if lines == nil {
		return nil
	}
	if more := len(lines) - mostLeaks; more > 0 {
		lines = append(lines[:mostLeaks], fmt.Sprintf("and %d more", more))
	}
	return c.Return("it has left behind " + strings.Join(lines, ", "))
}

// mostLeaks is how many a message names.
const mostLeaks = 10

// generations is how often what processes have left that were ended is looked
// for: their children, which are ours then.
const generations = 10

// find looks for what is new, and ends it if it is a reason to fail or overdue. What
// goes with a process, such as its terminal, is not told beside it.
func (s *session) find(before leftovers.Things, overdue bool) (found []leftovers.Left) {
	ends := func(l leftovers.Left) bool { return overdue || s.opts.Leaks[l.Kind] == Fail }
	for range generations {
		var processes, others []leftovers.Left
		for _, l := range s.remains.watcher.New(before) {
			if l.Kind == leftovers.Process && ends(l) {
				l.End()
				processes = append(processes, l)
			} else {
				others = append(others, l)
			}
		}
		found = append(found, processes...)
		if len(processes) > 0 {
			continue
		}
		for _, l := range others {
			if ends(l) {
				l.End()
			}
		}
		return append(found, others...)
	}
	return found
}

// forgive takes what there is now for granted in the blocks around, too: it was
// told once.
func (r *remains) forgive() {
	now := r.watcher.Settled()
	for i := range r.levels {
		r.levels[i] = now
	}
}

// RemovedWithScript tells that a temporary file is removed when the script ends:
// the test that has made it does not leave it behind.
func RemovedWithScript(L *lua.LState, path string) {
	if w := of(L).remains.watcher; w != nil {
		w.Excuse(path)
	}
}

func describeLeak(l harness.Leak) string {
	if l.Made == nil {
		return l.What
	}
	return fmt.Sprintf("%s, made at %s:%d", l.What, l.Made.File, l.Made.Line)
}

func (r *remains) maker(l leftovers.Left) *harness.Frame {
	if frame, ok := r.made[l.Identity]; ok {
		return &frame
	}
	return nil
}

// noteMade remembers the line that has made something. A descriptor may be that
// of a file, which stays when it is closed.
func (r *remains) noteMade(L *lua.LState, kind vm.MadeKind, number int) {
	if kind == vm.MadePart {
		r.parts[leftovers.IdentityOfDescriptor(number)] = true
		return
	}
	stack := scriptStack(vm.Frames(L))
	if len(stack) == 0 {
		return
	}
	if kind == vm.MadeProcess {
		r.made[leftovers.IdentityOfProcess(number)] = stack[0]
		return
	}
	r.made[leftovers.IdentityOfDescriptor(number)] = stack[0]
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", number))
	if err == nil && filepath.Dir(path) == os.TempDir() {
		r.made[leftovers.IdentityOfFile(path)] = stack[0]
	}
}

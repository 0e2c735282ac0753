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

// Severity is what happens if a test leaves something behind.
type Severity string

const (
	Fail Severity = "fail"
	Warn Severity = "warn"
	Off  Severity = "off"
)

// Severities has one severity for each kind of leftovers.
type Severities map[string]Severity

// DefaultSeverities make a test fail for what goes on without it: children, and
// their terminals.
func DefaultSeverities() Severities {
	s := Severities{}
	for _, kind := range leftovers.Kinds {
		s[kind] = Warn
	}
	s[leftovers.Process], s[leftovers.PTY] = Fail, Fail
	return s
}

// Set reads "fail", "warn" or "off" for all kinds, or KIND=SEVERITY for one kind.
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

// remains is what a session knows about leftovers.
type remains struct {
	watcher *leftovers.Watcher // nil if leftovers are not watched
	levels  []leftovers.Things // what existed when each block, and the test, began
	made    map[leftovers.Identity]harness.Frame
	parts   map[leftovers.Identity]bool // parts of things that were reported
	leaks   []harness.Leak              // for the next event

	// overdue is set when a test has exceeded its time limit, until its leftovers
	// were looked for: what it has started is part of its report, and is ended.
	overdue bool
}

// look records what exists when a block or a test begins.
func look(c *bind.Call) error {
	if r := &of(c.L).remains; r.watcher != nil {
		var now leftovers.Things
		c.Unlocked(func(context.Context) { now = r.watcher.Begin() })
		r.levels = append(r.levels, now)
	}
	return nil
}

// left looks for what is new since the matching call of look. It returns a message
// if that makes the test fail.
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
	return c.Return("it left behind " + strings.Join(lines, ", "))
}

// mostLeaks limits the leftovers that a message names.
const mostLeaks = 10

// generations limits how often to look for the children of processes that were
// ended, which then become children of this process.
const generations = 10

// find looks for what is new, and ends it if it makes the test fail or is overdue.
// Parts of a process, such as its terminal, are not reported separately.
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

// forgive makes what exists now count as known in the blocks around too, because it
// was reported once.
func (r *remains) forgive() {
	now := r.watcher.Settled()
	for i := range r.levels {
		r.levels[i] = now
	}
}

// RemovedWithScript implements [vm.TestRun].
func (s *session) RemovedWithScript(path string) {
	if w := s.remains.watcher; w != nil {
		w.Excuse(path)
	}
}

func describeLeak(l harness.Leak) string {
	if l.Made == nil {
		return l.What
	}
	return fmt.Sprintf("%s, created at %s:%d", l.What, l.Made.File, l.Made.Line)
}

func (r *remains) maker(l leftovers.Left) *harness.Frame {
	if frame, ok := r.made[l.Identity]; ok {
		return &frame
	}
	return nil
}

// Made implements [vm.TestRun]. It records the line that has made something. A
// descriptor may be that of a file, which stays when it is closed.
func (s *session) Made(L *lua.LState, kind vm.MadeKind, number int) {
	r := &s.remains
	if r.watcher == nil {
		return
	}
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

package vm

import (
	"context"
	"os"

	lua "github.com/yuin/gopher-lua"
)

// TestRun runs the tests of an interpreter's script. The packages with modules tell
// it what it must know, without importing it. Its methods are called with the lock.
type TestRun interface {
	// Made reports a process or a descriptor that the calling script has made and
	// may leave behind.
	Made(L *lua.LState, kind MadeKind, number int)

	// RemovedWithScript reports a temporary file that is removed when the script
	// ends: it does not count as left behind.
	RemovedWithScript(path string)

	// NextRecording makes the file for the recording of the next command, which the
	// caller closes. It is nil if the command is not recorded. Call fail if the
	// recording is incomplete.
	NextRecording(argv []string) (file *os.File, fail func(error))

	// ShowAtDeadline adds the results of show, texts by title, to the report of a
	// test that hangs.
	ShowAtDeadline(show func() map[string]string)

	// Tasks returns a context that ends when the time limit of a test or the run is
	// over, and a task may prevent the test from ending because it never waits.
	Tasks() context.Context
}

// TestRunOf returns the test run of the interpreter that L belongs to. Without
// tests it is one that ignores everything.
func TestRunOf(L *lua.LState) TestRun {
	if run := threadOf(L).vm.TestRun; run != nil {
		return run
	}
	return noTestRun{}
}

type noTestRun struct{}

func (noTestRun) Made(*lua.LState, MadeKind, int)                {}
func (noTestRun) RemovedWithScript(string)                       {}
func (noTestRun) NextRecording([]string) (*os.File, func(error)) { return nil, nil }
func (noTestRun) ShowAtDeadline(func() map[string]string)        {}
func (noTestRun) Tasks() context.Context                         { return context.Background() }

// MadeKind is a kind of thing that a script can make and leave behind. A part is a
// descriptor that belongs to one of the others and is not reported separately.
type MadeKind string

const (
	MadeProcess    MadeKind = "process"
	MadeDescriptor MadeKind = "descriptor"
	MadePart       MadeKind = "part"
)

// Made tells the test run that the calling script has made a process or a
// descriptor.
func Made(L *lua.LState, kind MadeKind, number int) { TestRunOf(L).Made(L, kind, number) }

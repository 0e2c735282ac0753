// Package suite runs tests that are written in Lua, in the words of busted. It
// stands between the interpreter and core/harness.
//
// What tests are written with is in the Lua modules ave.test and below it:
// runner.lua decides what runs and when. This package puts the words into an
// interpreter (install.go), gives the modules the few things that they need of
// Go (host.go), and turns what they say into events of the harness
// (problem.go).
//
// An interpreter that never uses any of it pays for a handful of small
// functions and nothing else: the modules are loaded by the first use.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/core/harness/leftovers"
	"avescript/core/harness/workers"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// Options say how tests are run, and who learns of it.
type Options struct {
	// Reporter is told what happens.
	Reporter harness.Reporter `json:"-"`

	// Choice is which tests run.
	Choice Choice

	// Helper is a Lua file that runs before each test file, or a module that
	// is required; its hooks are around the tests of the file. "" is none.
	Helper string

	// Path is searched for modules before package.path, in the same form.
	Path string

	// Update writes the files that tests compare with what they see.
	Update bool

	// Record is the directory for the recordings of tests that fail; without
	// it, no command is recorded unless a script says so.
	Record string

	// New makes the interpreter of a test file, with the words installed.
	// Only Main and Work need it.
	New func() *vm.VM `json:"-"`

	// Timeout and HookTimeout are how long a test and a hook may take, in
	// seconds; 0 is for ever.
	Timeout, HookTimeout float64

	// Seed, unless it is 0, makes the order of the tests in every block.
	Seed int

	// List has the tests that would run be listed. No hook is called.
	List bool

	// Quarantine are full names of tests, or Lua patterns: they do not spoil
	// the run.
	Quarantine []string

	// Leaks says what comes of what tests leave behind, in workers.
	Leaks Severities

	// Workspaces is where workspaces are made, "" for the usual place.
	Workspaces string

	// Shares are the values of test.shared where there are no workers.
	Shares Shares `json:"-"`

	// What a worker has: its parent, what looks for leftovers, how it ends in
	// the middle of a test, and which tests of the file it runs.
	Link    *workers.Link      `json:"-"`
	Watcher *leftovers.Watcher `json:"-"`
	Exit    func()             `json:"-"`
	job     *job
}

// Finish runs the tests that a script has declared so far. Ran is false if
// there are none; nothing is reported then. When ctx ends, the tests that have
// not run are left out, the report is finished, and err is the context's cause.
func Finish(ctx context.Context, v *vm.VM, opts Options) (ran, passed bool, err error) {
	script := ""
	err = v.Do(ctx, func(L *lua.LState) error {
		script = of(L).declaredIn(L)
		return nil
	})
	if err != nil || script == "" {
		return false, true, err
	}
	run := harness.Start(opts.Reporter, 1)
	run.StartFile(script)
	err = runDeclared(ctx, v, run, script, opts, func(s *session, L *lua.LState) {
		s.call(L, "run_script")
	})
	run.FinishFile()
	return true, finish(run, err), err
}

// runFile runs one file, which can require the modules beside it. The error is
// that of ctx; all others are reported.
func runFile(ctx context.Context, file string, run *harness.Run, opts Options) error {
	v := opts.New()
	defer v.Close()
	defer v.Finish()
	chunk, err := v.LoadFile(file)
	if err != nil {
		run.Send(broken(loadProblem(err)))
		return nil
	}
	v.SearchBeside(file)
	searchPath(v, opts.Path)
	helper, err := helper(v, opts.Helper)
	if err != nil {
		run.Send(broken(loadProblem(err)))
		return nil
	}
	declared := 0
	err = runDeclared(ctx, v, run, file, opts, func(s *session, L *lua.LState) {
		if helper == lua.LNil || lua.LVAsBool(s.call(L, "run_helper", helper)) {
			declared = int(lua.LVAsNumber(s.call(L, "run_file", chunk)))
		}
	})
	if declared == 0 && run.File().Bad() == 0 && opts.job.isAll() && opts.Choice.IsAll() {
		run.Send(broken(harness.Problem{Message: "no tests in " + file}))
	}
	return err
}

// CheckHelper says why the helper file cannot be read. Where a module lies is known
// to interpreters only.
func (o Options) CheckHelper() error {
	if !isFile(o.Helper) {
		return nil
	}
	_, err := os.ReadFile(o.Helper)
	var failure *fs.PathError
	if errors.As(err, &failure) {
		return fmt.Errorf("the helper: %w", &script.ReadError{Path: o.Helper, Err: failure.Err})
	}
	return err
}

// isFile tells the name of a helper file from that of a module.
func isFile(helper string) bool { return filepath.Ext(helper) == ".lua" }

// helper loads the helper file, if name is one.
func helper(v *vm.VM, name string) (lua.LValue, error) {
	switch {
	case name == "":
		return lua.LNil, nil
	case !isFile(name):
		return lua.LString(name), nil
	}
	chunk, err := v.LoadFile(name)
	if err != nil {
		return nil, err
	}
	return chunk, nil
}

// sources is where the modules lie that a project tests; busted searches there,
// too.
const sources = "./src/?.lua;./src/?/?.lua;./src/?/init.lua"

// searchPath puts templates at the beginning of package.path, and sources at its
// end.
func searchPath(v *vm.VM, templates string) {
	pkg := v.Globals().RawGetString("package").(*lua.LTable)
	path := lua.LVAsString(pkg.RawGetString("path")) + ";" + sources
	if templates != "" {
		path = templates + ";" + path
	}
	pkg.RawSetString("path", lua.LString(path))
}

// runDeclared lets start run the tests of a file in v. The error is that of ctx:
// one that start raises is reported.
func runDeclared(
	ctx context.Context, v *vm.VM, run *harness.Run, file string, opts Options, start func(*session, *lua.LState),
) error {
	var s *session
	err := v.Do(ctx, func(L *lua.LState) error {
		s = of(L)
		s.begin(v, run, file, opts)
		start(s, L)
		return nil
	})
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrStopped) {
		return err // that is no reason for a test to fail
	}
	run.Send(s.abandoned(err))
	if isRaised(err) {
		return nil
	}
	return err
}

// finish ends the run and decides whether it has passed: a run in which
// nothing was tested has not.
func finish(run *harness.Run, err error) (passed bool) {
	if run.Totals().Tests() == 0 && err == nil {
		run.Send(broken(harness.Problem{Message: harness.NothingToRun}))
	}
	return run.Finish().Bad() == 0
}

// broken is the event of a file that went wrong as a whole.
func broken(p harness.Problem) harness.Event {
	return harness.Event{Kind: harness.BlockFailed, Status: harness.Error, Problems: []harness.Problem{p}}
}

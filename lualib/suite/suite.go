// Package suite runs tests that are written in Lua with the words of busted. It
// connects the interpreter with core/harness.
//
// [RunFiles] starts a run of files; in its worker processes, [Work] runs each file.
// [Finish] is for a script that has declared tests.
//
// The words are implemented in the Lua modules ave.test and below: runner.lua
// decides what runs and when. This package puts the words into an interpreter
// (install.go), gives the modules a few functions in Go (host.go), and turns their
// results into events of the harness (session.go).
//
// The modules are loaded on first use. An interpreter without tests only pays for a
// few small functions.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/harness/leftovers"
	"avescript/core/harness/plan"
	"avescript/core/harness/workers"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// Options say how tests are run and where the results go.
type Options struct {
	// Reporter is told what happens.
	Reporter harness.Reporter `json:"-"`

	// Choice says which tests run.
	Choice plan.Choice

	// Helper is a Lua file that runs before each test file, or a module that is
	// required; its hooks are around the tests of the file. "" means no helper.
	Helper string

	// HelperArguments are what the helper has in arg instead of those of the command line.
	HelperArguments []string

	// Path is searched for modules before package.path, in the same form.
	Path string

	// Line is the command line of the run, which tests get as the global table arg, as from
	// busted. RunFiles sets it.
	Line []string

	// Update writes the files that tests compare with.
	Update bool

	// Record is the directory for recordings of tests that fail. If it is empty,
	// commands are only recorded if a script asks for it.
	Record string

	// New makes the interpreter of a test file, with the words installed. Finish
	// does not need it.
	New func() *vm.VM `json:"-"`

	// Timeout and HookTimeout are the time limits of a test and of a hook, in
	// seconds; 0 means no limit.
	Timeout, HookTimeout float64

	// TeardownTimeout is the time limit, in seconds, of all hooks that clean up
	// together when the run ends early; 0 means no limit. They do not run when
	// AtOnce is closed.
	TeardownTimeout float64
	AtOnce          <-chan struct{} `json:"-"`

	// FailFast ends the run after the first failure.
	FailFast bool

	// Workers is how many processes run the files; 0 is this one alone. Command is one
	// that calls Work.
	Workers int              `json:"-"`
	Command func() *exec.Cmd `json:"-"`

	// Seed is the seed for the order of the tests in every block; 0 keeps their
	// order.
	Seed int

	// List only lists the tests that would run. No hook is called.
	List bool

	// Quarantine are full names of tests, or Lua patterns. These tests do not make
	// the run fail.
	Quarantine []string

	// Leaks says what happens if tests leave something behind, in workers.
	Leaks Severities

	// Workspaces is the directory for workspaces; "" means the usual place.
	Workspaces string

	// Debug holds tests that fail, before they are cleaned up, for Look. The terminal is
	// lent for that, and Clock, which the limits of time are by, stands still. Look is not
	// called in a process that has workers.
	Debug    bool
	Look     Look             `json:"-"`
	Terminal workers.Terminal `json:"-"`
	Clock    *harness.Clock   `json:"-"`
	Quit     func()           `json:"-"` // ends the run; RunFiles sets it

	// Fleet is the equipment of the file, if it runs as a job of a fleet.
	Fleet *wire.Leases `json:",omitempty"`

	// Shares are the values of test.shared if there are no workers.
	Shares Shares `json:"-"`

	// For a worker: its parent, the watcher for leftovers, how it ends in the
	// middle of a test, and which tests of the file it runs.
	Link    *workers.Link      `json:"-"`
	Watcher *leftovers.Watcher `json:"-"`
	Exit    func()             `json:"-"`
	job     *job
}

// Finish runs the tests that a script has declared so far. Ran is false if there
// are none; then nothing is reported. When ctx ends, the remaining tests are left
// out, the hooks clean up, the report is completed, and err is the context's cause.
func Finish(ctx context.Context, v *vm.VM, opts Options) (ran, passed bool, err error) {
	script := ""
	err = v.Do(ctx, func(L *lua.LState) error {
		script = of(L).declaredIn(L)
		return nil
	})
	if err != nil || script == "" {
		return false, true, err
	}
	opts.Shares = Shares{}
	run := harness.Start(opts.Reporter, 1)
	run.StartFile(script, 0)
	_, err = runDeclared(ctx, v, run, script, opts, func(s *session, L *lua.LState) {
		s.call(L, "run_script")
	})
	run.FinishFile(script, 0)
	return true, finish(run, err), err
}

// runFile runs one file and reports to to. The file can require the modules beside
// it. The error is that of ctx; all others are reported.
func runFile(ctx context.Context, file string, to harness.Reporter, opts Options) error {
	v := opts.New()
	stuck := false
	defer func() {
		if !stuck { // stuck code may hold the lock
			v.Finish()
			v.Close()
		}
	}()
	chunk, err := v.LoadFile(file)
	if err != nil {
		to.Report(broken(file, loadProblem(err)))
		return nil
	}
	SearchModules(v, file, opts.Path)
	script.SetArg(v, opts.Line)
	helper, err := helper(v, opts.Helper)
	if err != nil {
		to.Report(broken(file, loadProblem(err)))
		return nil
	}
	declared, bad := 0, false
	to = harness.Reporters{to, onBad(func() { bad = true })}
	stuck, err = runDeclared(ctx, v, to, file, opts, func(s *session, L *lua.LState) {
		if helper == lua.LNil || s.runHelper(v, L, helper) {
			declared = int(lua.LVAsNumber(s.call(L, "run_file", chunk)))
		}
	})
	if ctx.Err() == nil && declared == 0 && !bad && opts.job.isAll() && opts.Choice.IsAll() {
		to.Report(broken(file, harness.Problem{Message: "no tests in " + file}))
	}
	return err
}

// CheckHelper returns an error if the helper file cannot be read. A helper that is
// a module is not checked, because only interpreters know where modules are.
func (o Options) CheckHelper() error {
	if !script.IsName(o.Helper) {
		return nil
	}
	_, err := os.ReadFile(o.Helper)
	var failure *fs.PathError
	if errors.As(err, &failure) {
		return fmt.Errorf("the helper: %w", &script.ReadError{Path: o.Helper, Err: failure.Err})
	}
	return err
}

// helper loads the helper file, if name is a file.
func helper(v *vm.VM, name string) (lua.LValue, error) {
	switch {
	case name == "":
		return lua.LNil, nil
	case !script.IsName(name): // a module
		return lua.LString(name), nil
	}
	chunk, err := v.LoadModule(name)
	if err != nil {
		return nil, err
	}
	return chunk, nil
}

// runHelper reports whether the helper has come to its end.
func (s *session) runHelper(v *vm.VM, L *lua.LState, helper lua.LValue) bool {
	line := s.opts.Line
	script.SetArg(v, slices.Concat(line[:min(2, len(line))], s.opts.HelperArguments))
	defer script.SetArg(v, line)
	return lua.LVAsBool(s.call(L, "run_helper", helper))
}

// sources is where the modules of the tested project are; busted searches there
// too.
const sources = "./src/?.lua;./src/?/?.lua;./src/?/init.lua"

// SearchModules makes require search as in a test file: beside it, along the templates,
// and where the modules of the tested project are.
func SearchModules(v *vm.VM, file, templates string) {
	v.SearchBeside(file)
	searchPath(v, templates)
}

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

// runDeclared calls start, which runs the tests of a file in v. The error is that
// of ctx; an error in start is reported. Stuck means that start is still going on,
// because it could not be ended.
func runDeclared(
	ctx context.Context, v *vm.VM, to harness.Reporter, file string, opts Options, start func(*session, *lua.LState),
) (stuck bool, err error) {
	var s *session
	_ = v.Do(context.WithoutCancel(ctx), func(L *lua.LState) error {
		s = of(L)
		s.begin(ctx, to, file, opts)
		switch {
		case opts.Look != nil:
			v.Prompt = s.promptHere
		case v.Prompt != nil:
			v.Prompt = s.standsStill(v.Prompt)
		}
		return nil
	})
	err = s.attend(func(ctx context.Context) error {
		return v.Do(ctx, func(L *lua.LState) error {
			start(s, L)
			return nil
		})
	})
	end := s.ending.end()
	switch {
	case err != nil && isRaised(err):
		s.abandon(err.Error())
	case err != nil:
		s.abandon(end.Message() + "; " + workers.NotCleaned)
	case end != nil && !end.Quiet && !s.interrupted:
		to.Report(broken(file, harness.Problem{Message: end.Message()}))
	}
	return errors.Is(err, errStuck), context.Cause(ctx)
}

// finish ends the run and decides whether it has passed: a run without tests has
// not.
func finish(run *harness.Run, err error) (passed bool) {
	if run.Totals().Tests() == 0 && err == nil {
		run.Report(broken("", harness.Problem{Message: harness.NothingToRun}))
	}
	return run.Finish().Bad() == 0
}

// broken returns the event for a problem of a whole file, or of the run if file is
// "".
func broken(file string, p harness.Problem) harness.Event {
	return harness.Event{Kind: harness.BlockFailed, File: file, Status: harness.Error, Problems: []harness.Problem{p}}
}

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
	"io"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/harness"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// Options say how tests are run and shown.
type Options struct {
	Color bool // use the escape sequences of a terminal

	// Filter selects the tests that have it in their full name, or whose
	// name it matches as a Lua pattern; "" is all of them.
	Filter string

	// New makes the interpreter of a test file, with the words installed.
	// Only Main needs it.
	New func() *vm.VM
}

// Finish runs the tests that a script has declared so far, and reports to out.
// Ran is false if there are none; nothing is written then. When ctx ends, the
// tests that have not run are left out, the report is finished, and err is the
// context's cause.
func Finish(ctx context.Context, v *vm.VM, out io.Writer, opts Options) (ran, passed bool, err error) {
	var source string
	err = v.Do(ctx, func(L *lua.LState) error {
		if s := of(L); s.loaded {
			source, _ = s.runner(L, "source").(lua.LString).String(), error(nil)
		}
		return nil
	})
	if err != nil || source == "" {
		return false, true, err
	}
	run := harness.Start(harness.NewTerminal(out, opts.Color))
	run.StartFile(source)
	err = v.Do(ctx, func(L *lua.LState) error {
		of(L).begin(run, opts)
		of(L).runner(L, "run_script")
		return nil
	})
	finishFile(v, run, err)
	return true, finish(run, opts), interruption(ctx, err)
}

// Main runs test files one after the other, each in an interpreter of its own,
// and reports to out. A file that cannot be loaded or declares no test counts
// as failed, and the others go on. When ctx ends the report is finished, and
// err is the context's cause.
func Main(ctx context.Context, files []string, out io.Writer, opts Options) (passed bool, err error) {
	run := harness.Start(harness.NewTerminal(out, opts.Color))
	for _, file := range files {
		runFile(ctx, file, run, opts)
		if err = interruption(ctx, ctx.Err()); err != nil {
			break
		}
	}
	return finish(run, opts), err
}

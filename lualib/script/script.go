// Package script runs a Lua script like the command line: from a file, from text or
// from standard input, with its arguments, until it ends or a signal ends it. It
// also reports uncaught errors.
package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

// Source is where a script comes from.
type Source struct {
	name string // of the chunk, in messages
	arg0 string // arg[0] of the script
	read func() ([]byte, error)
	file bool // require looks beside it
}

// File is a script in a file.
func File(path string) Source {
	return Source{path, path, func() ([]byte, error) { return os.ReadFile(path) }, true}
}

// Code is a script that was given on the command line.
func Code(text string) Source {
	return Source{"(command line)", "-e", func() ([]byte, error) { return []byte(text), nil }, false}
}

// Bundled is a script that was read already, with the name of its file. The program arg0
// has it.
func Bundled(name, arg0 string, text []byte) Source {
	return Source{name, arg0, func() ([]byte, error) { return text, nil }, false}
}

// Reader is a script that is read from standard input or from another reader.
func Reader(r io.Reader) Source {
	return Source{"stdin", "-", func() ([]byte, error) { return io.ReadAll(r) }, false}
}

// Finish is called when a script has returned without an error: it runs the tests
// that the script has declared, and reports whether one has failed.
type Finish func(ctx context.Context, v *vm.VM) (failed bool, err error)

// ErrFailed means that a script or a test has failed, and that the user was told
// already. Run returns it if a test of the script has failed.
var ErrFailed = errors.New("failed")

// ReadError is a script that could not be read.
type ReadError struct {
	Path string
	Err  error
}

func (e *ReadError) Error() string { return fmt.Sprintf("cannot read %s: %v", e.Path, e.Err) }
func (e *ReadError) Unwrap() error { return e.Err }

// Run runs a script and then, unless finish is nil, its tests. The script gets args
// as its arguments and in the global table arg, which also has the script's name at
// index 0 and the interpreter's at -1. It can require modules beside its file.
// Files that the script has left open are flushed in any case.
//
// The error is a *[ReadError], a syntax error, a *[vm.Error], the cause of ctx's
// end, or [ErrFailed]; [Report] can show it.
func Run(ctx context.Context, v *vm.VM, source Source, args []string, finish Finish) error {
	defer v.Finish()
	text, err := source.read()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return readError(source.name, err)
	}
	fn, err := v.Load(text, source.name)
	if err != nil {
		return withSource(err, text)
	}
	err = v.Do(ctx, func(L *lua.LState) error {
		if source.file {
			v.SearchBeside(source.name)
		}
		SetArg(v, append([]string{os.Args[0], source.arg0}, args...))
		L.Push(fn)
		for _, arg := range args {
			L.Push(lua.LString(arg))
		}
		L.Call(len(args), 0)
		return nil
	})
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx) // ctx ended when the script was almost done
	}
	if err != nil || finish == nil {
		return err
	}
	failed, err := finish(ctx, v)
	if err == nil && failed {
		err = ErrFailed
	}
	return err
}

// SetArg makes the global table arg from a command line: the interpreter at index -1, what
// it runs at 0, and the arguments from 1 on.
func SetArg(v *vm.VM, line []string) {
	list := &lua.LTable{Metatable: lua.LNil}
	for i, word := range line {
		list.RawSetInt(i-1, lua.LString(word))
	}
	v.Globals().RawSetString("arg", list)
}

func readError(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return &ReadError{path, err}
}

// syntaxError is an error in a script's text, with the line that it is in.
type syntaxError struct {
	err  *syntax.Error
	line string
}

func (e *syntaxError) Error() string { return e.err.Error() }
func (e *syntaxError) Unwrap() error { return e.err }

func withSource(err error, text []byte) error {
	var e *syntax.Error
	if !errors.As(err, &e) {
		return err
	}
	return &syntaxError{e, lineOf(text, e.Line)}
}

// Preload makes the global ave stand for require("ave"), which is loaded when it is
// first used. It is for code that is typed in; a script in a file requires what it
// uses.
func Preload(v *vm.VM) error {
	fn, err := v.Load([]byte(preload), "preload")
	if err != nil {
		return err
	}
	return v.Do(context.Background(), func(L *lua.LState) error {
		L.Push(fn)
		L.Call(0, 0)
		return nil
	})
}

const preload = `
setmetatable(_G, {__index = function(globals, name)
	if name == "ave" then
		local ave = require("ave")
		rawset(globals, "ave", ave)
		return ave
	end
end})
`

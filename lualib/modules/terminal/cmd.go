// Package terminal has the modules for commands: commands that run to their end,
// sessions with programs, and their screens.
package terminal

import (
	"context"
	"io"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/cmd"
	"avescript/core/exceptions"
	"avescript/core/pty"
	"avescript/core/terminal"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// CmdModule is ave.cmd: external commands on pseudoterminals.
var CmdModule = bind.Module{
	Name:    "ave.cmd",
	Classes: []*bind.Class{&patternClass, &sessionClass},
	Funcs: []bind.Fn{
		bind.Func("pattern", "pattern", cmdPattern),
		bind.Func("quote", "word", cmdQuote),
		bind.Func("regex", "expression", cmdRegex),
		bind.Func("run", "cmd, options?", cmdRun),
		bind.Func("run_bg", "cmd, options?", cmdRunBackground),
		bind.Func("sh", "script, options?", cmdSh),
		bind.Func("spawn", "cmd, options?", cmdSpawn),
	},
	Fill: func(L *lua.LState, module *lua.LTable) {
		module.RawSetString("EOF", newPattern(L, terminal.EOF))
		module.RawSetString("TIMEOUT", newPattern(L, terminal.Timeout))
	},
}

// plainCharacters have no special meaning in any shell, at any place.
const plainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+:,./_-"

// cmdQuote quotes a word for the shell, unless all its characters are plain.
func cmdQuote(c *bind.Call) error {
	var word string
	if err := c.Args(&word); err != nil {
		return err
	}
	if strings.Contains(word, "\x00") {
		return exceptions.TypeError.Newf("ave.cmd.quote: wanted a string without zero bytes, which cannot be passed to a command, got %.40q", word)
	}
	if word != "" && strings.Trim(word, plainCharacters) == "" {
		return c.Return(word)
	}
	return c.Return("'" + strings.ReplaceAll(word, "'", `'\''`) + "'")
}

// keptOfPieces is the default of the option keep together with on_output.
const keptOfPieces = 1 << 20

// runOptions are the options of cmd.run, with those that differ from the core's.
type runOptions struct {
	cmd.Options
	onOutput  *lua.LFunction
	record    string
	killAfter time.Duration // negative if there is a ladder
}

func newRunOptions() *runOptions { return &runOptions{killAfter: -1} }

func (o *runOptions) byName() bind.Options {
	return bind.Options{
		bind.Into("timeout", &o.Timeout),
		bind.Into("debug", debugOutput{&o.Debug}),
		bind.Into("cwd", &o.Dir),
		bind.Into("output_file", outputFile{&o.Output}),
		bind.Into("env", (*environment)(&o.Env)),
		bind.Into("clear_env", &o.ClearEnv),
		bind.Into("size", (*bind.TerminalSize)(&o.Size)),
		bind.Into("input", typedInput{&o.Input}),
		bind.Into("on_output", &o.onOutput),
		bind.Into("keep", (*keptBytes)(&o.Keep)),
		bind.Into("record", &o.record),
		bind.Into("check", &o.Check),
		bind.Into("user", &o.User),
		bind.Into("kill_after", &o.killAfter),
		bind.Into("ladder", (*ladder)(&o.Ladder)),
	}
}

func cmdRun(c *bind.Call) error {
	var argv command
	options := newRunOptions()
	if err := c.Args(&argv, options.byName()); err != nil {
		return err
	}
	return options.run(c, argv)
}

func cmdSh(c *bind.Call) error {
	var script string
	options := newRunOptions()
	if err := c.Args(&script, options.byName()); err != nil {
		return err
	}
	return options.run(c, []string{"sh", "-c", script})
}

func (o *runOptions) run(c *bind.Call, argv []string) error {
	if o.killAfter >= 0 {
		if o.Ladder != nil {
			return exceptions.TypeError.Newf("ave.cmd: the options kill_after and ladder cannot be used together: remove one")
		}
		o.Ladder = hangUp(o.killAfter)
	}
	if o.onOutput != nil && o.Keep == 0 {
		o.Keep = keptOfPieces
	}
	recording, err := openRecording(c.L, o.record, argv)
	if err != nil {
		return err
	}
	if recording != nil {
		defer recording.Close()
		o.Record = recording
	}
	var status int
	var output string
	c.Unlocked(func(ctx context.Context) {
		if o.onOutput != nil {
			o.Output = alsoTo(o.Output, &callback{ctx, vm.Of(c.L), o.onOutput})
		}
		status, output, err = cmd.Run(ctx, argv, o.Options)
	})
	if err != nil {
		return err
	}
	return c.Return(status, output)
}

// callback is a Lua function that is called with the output. The writer must not
// hold the VM's lock.
type callback struct {
	ctx context.Context
	vm  *vm.VM
	fn  *lua.LFunction
}

func (w *callback) Write(data []byte) (int, error) {
	err := w.vm.Do(w.ctx, func(L *lua.LState) error {
		bind.Invoke(L, w.fn, data)
		return nil
	})
	return len(data), err
}

func alsoTo(first, second io.Writer) io.Writer {
	if first == nil {
		return second
	}
	return io.MultiWriter(first, second)
}

// cmdRunBackground returns the number of a descriptor that the script must close.
func cmdRunBackground(c *bind.Call) error {
	var argv command
	var options pty.Options
	var debug io.Writer
	err := c.Args(&argv, bind.Options{
		bind.Into("debug", debugOutput{&debug}),
		bind.Into("cwd", &options.Dir),
		bind.Into("env", (*environment)(&options.Env)),
		bind.Into("clear_env", &options.ClearEnv),
		bind.Into("size", (*bind.TerminalSize)(&options.Size)),
		bind.Into("user", &options.User),
	})
	if err != nil {
		return err
	}
	pid, terminal, err := cmd.RunBackground(argv, options, debug)
	if err != nil {
		return err
	}
	vm.Made(c.L, vm.MadeProcess, pid)
	vm.Made(c.L, vm.MadeDescriptor, terminal)
	return c.Return(pid, terminal)
}

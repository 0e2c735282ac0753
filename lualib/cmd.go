package lualib

import (
	"context"
	"io"
	"os"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/cmd"
	"avescript/core/exceptions"
	"avescript/core/pty"
	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// cmdModule is ave.cmd: external commands on pseudoterminals.
var cmdModule = bind.Module{
	Name: "ave.cmd",
	Funcs: []bind.Fn{
		bind.Func("quote", "word", cmdQuote),
		bind.Func("run", "cmd, options?", cmdRun),
		bind.Func("run_bg", "cmd, options?", cmdRunBackground),
		bind.Func("sh", "script, options?", cmdSh),
	},
}

// plainCharacters have no meaning to any shell, wherever they are.
const plainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+:,./_-"

// cmdQuote gives a word as the shell reads it: as it is, if nothing in it has a
// meaning there.
func cmdQuote(c *bind.Call) error {
	var word string
	if err := c.Args(&word); err != nil {
		return err
	}
	if strings.Contains(word, "\x00") {
		return exceptions.TypeError.Newf("ave.cmd.quote: wanted a word without zero bytes, which no command can be given, got %.40q", word)
	}
	if word != "" && strings.Trim(word, plainCharacters) == "" {
		return c.Return(word)
	}
	return c.Return("'" + strings.ReplaceAll(word, "'", `'\''`) + "'")
}

type cmdOptions struct {
	Timeout    bind.Seconds   `lua:"timeout"`
	Debug      bool           `lua:"debug"`
	Cwd        string         `lua:"cwd"`
	OutputFile outputFile     `lua:"output_file"`
	Env        environment    `lua:"env"`
	ClearEnv   bool           `lua:"clear_env"`
	Size       terminalSize   `lua:"size"`
	Input      typedInput     `lua:"input"`
	OnOutput   *lua.LFunction `lua:"on_output"`
	Keep       keptBytes      `lua:"keep"`
	Record     string         `lua:"record"`
	Check      bool           `lua:"check"`
	User       string         `lua:"user"`
	KillAfter  bind.Seconds   `lua:"kill_after"`
	Ladder     ladder         `lua:"ladder"`
}

func (o *cmdOptions) core() (cmd.Options, error) {
	options := cmd.Options{
		Timeout:  o.Timeout.Or(0),
		Dir:      o.Cwd,
		Env:      o.Env,
		ClearEnv: o.ClearEnv,
		Size:     pty.Size(o.Size),
		User:     o.User,
		Input:    o.Input.text,
		Output:   o.OutputFile.Writer,
		Keep:     int(o.Keep),
		Check:    o.Check,
		Ladder:   o.Ladder,
	}
	if o.Debug {
		options.Debug = os.Stderr
	}
	if grace := o.KillAfter.Or(-1); grace >= 0 {
		if o.Ladder != nil {
			return options, exceptions.TypeError.Newf("ave.cmd: wanted one of the options kill_after and ladder, got both")
		}
		options.Ladder = hangUp(grace)
	}
	return options, nil
}

func cmdRun(c *bind.Call) error {
	var argv command
	var options cmdOptions
	if err := c.Args(&argv, &options); err != nil {
		return err
	}
	return runCommand(c, argv, &options)
}

func cmdSh(c *bind.Call) error {
	var script string
	var options cmdOptions
	if err := c.Args(&script, &options); err != nil {
		return err
	}
	return runCommand(c, []string{"sh", "-c", script}, &options)
}

func runCommand(c *bind.Call, argv []string, options *cmdOptions) error {
	core, err := options.core()
	if err != nil {
		return err
	}
	recording, err := openRecording(c.L, options.Record, argv)
	if err != nil {
		return err
	}
	if recording != nil {
		defer recording.Close()
		core.Record = recording
	}
	var status int
	var output string
	c.Unlocked(func(ctx context.Context) {
		if options.OnOutput != nil {
			core.Output = alsoTo(core.Output, &callback{ctx, vm.Of(c.L), options.OnOutput})
		}
		status, output, err = cmd.Run(ctx, argv, core)
	})
	if err != nil {
		return err
	}
	return c.Return(status, output)
}

// callback is a Lua function that is called with what is written. Whoever
// writes must not have the VM's lock.
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

type backgroundOptions struct {
	Debug    bool         `lua:"debug"`
	Cwd      string       `lua:"cwd"`
	Env      environment  `lua:"env"`
	ClearEnv bool         `lua:"clear_env"`
	Size     terminalSize `lua:"size"`
	User     string       `lua:"user"`
}

// cmdRunBackground returns the number of a descriptor that nobody but the
// script closes.
func cmdRunBackground(c *bind.Call) error {
	var argv command
	var options backgroundOptions
	if err := c.Args(&argv, &options); err != nil {
		return err
	}
	core := cmd.Options{
		Dir:      options.Cwd,
		Env:      options.Env,
		ClearEnv: options.ClearEnv,
		Size:     pty.Size(options.Size),
		User:     options.User,
	}
	if options.Debug {
		core.Debug = os.Stderr
	}
	pid, terminal, err := cmd.RunBackground(argv, core)
	if err != nil {
		return err
	}
	vm.Made(c.L, vm.MadeProcess, pid)
	vm.Made(c.L, vm.MadeDescriptor, terminal)
	return c.Return(pid, terminal)
}

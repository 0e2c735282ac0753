package lualib

import (
	"context"
	"fmt"
	"io"
	"os"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/cmd"
	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
)

// cmdModule is ave.cmd: external commands on pseudoterminals.
var cmdModule = bind.Module{
	Name: "ave.cmd",
	Funcs: []bind.Fn{
		bind.Func("run", "cmd, options?", cmdRun),
		bind.Func("run_bg", "cmd, options?", cmdRunBackground),
	},
}

// command is a list of words, or a string that is split at white space.
type command []string

func (c *command) UnpackLua(L *lua.LState, v lua.LValue) error {
	const want = "a string or a list of strings"
	switch v := v.(type) {
	case lua.LString:
		*c = cmd.Split(string(v))
	case *lua.LTable:
		for i := 1; i <= v.Len(); i++ {
			word, ok := v.RawGetInt(i).(lua.LString)
			if !ok {
				return bind.Wanted(want + " as the command")
			}
			*c = append(*c, string(word))
		}
	default:
		return bind.Wanted(want)
	}
	return nil
}

// environment is a table of settings above the inherited ones.
type environment []string

func (e *environment) UnpackLua(L *lua.LState, v lua.LValue) error {
	var settings map[string]string
	if err := bind.Unpack(L, v, &settings); err != nil {
		return err
	}
	for name, value := range settings {
		*e = append(*e, name+"="+value)
	}
	return nil
}

// outputFile is a file object of the io library that is open.
type outputFile struct{ io.Writer }

func (f *outputFile) UnpackLua(L *lua.LState, v lua.LValue) error {
	w, ok := stdlib.Writer(v)
	if !ok {
		return bind.Wanted("a file that is open for writing")
	}
	f.Writer = w
	return nil
}

type cmdOptions struct {
	Timeout    bind.Seconds `lua:"timeout"`
	Debug      bool         `lua:"debug"`
	Cwd        string       `lua:"cwd"`
	OutputFile outputFile   `lua:"output_file"`
	Env        environment  `lua:"env"`
}

func (o *cmdOptions) core() cmd.Options {
	options := cmd.Options{
		Timeout: o.Timeout.Or(0),
		Dir:     o.Cwd,
		Env:     o.Env,
		Output:  o.OutputFile.Writer,
	}
	if o.Debug {
		options.Debug = os.Stderr
	}
	return options
}

func cmdRun(c *bind.Call) error {
	var argv command
	var options cmdOptions
	if err := c.Args(&argv, &options); err != nil {
		return err
	}
	var status int
	var output string
	var err error
	c.Unlocked(func(ctx context.Context) {
		status, output, err = cmd.Run(ctx, argv, options.core())
	})
	if err != nil {
		return err
	}
	return c.Return(status, output)
}

// cmdRunBackground returns the number of a descriptor that nobody but the
// script closes: a duplicate, since a file of Go's closes itself once it is
// garbage.
func cmdRunBackground(c *bind.Call) error {
	var argv command
	var options cmdOptions
	if err := c.Args(&argv, &options); err != nil {
		return err
	}
	pid, terminal, err := cmd.RunBackground(argv, options.core())
	if err != nil {
		return err
	}
	defer terminal.Close()
	fd, err := unix.FcntlInt(terminal.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("duplicate the descriptor of the pseudoterminal: %w", err)
	}
	return c.Return(pid, fd)
}

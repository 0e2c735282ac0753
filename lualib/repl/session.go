package repl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// The commands :load, :reload, :save and :!, which are about the session itself.

// fileArg is the name of a file that a command is given.
func fileArg(command, args string) (string, error) {
	args = strings.TrimSpace(args)
	if args == "" {
		return "", fmt.Errorf(":%s takes the name of a FILE: got nothing", command)
	}
	if rest, ok := strings.CutPrefix(args, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		args = filepath.Join(home, rest)
	}
	return args, nil
}

// checkRegular refuses what is not a file with a text: opening a pipe waits for its other
// end, and a device may have no end.
func checkRegular(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	return nil // if there is none, who opens it says so
}

// runLoad runs a file, and shows what it returns.
func (r *repl) runLoad(ctx context.Context, args string) (shown string, err error) {
	path, err := fileArg("load", args)
	if err != nil {
		return "", err
	}
	if err := checkRegular(path); err != nil {
		return "", err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	fn, err := r.v.Load(text, path)
	if err != nil {
		return "", err
	}
	return r.invoke(ctx, fn)
}

// runReload loads a module again. After an error, the old module stays.
func (r *repl) runReload(ctx context.Context, args string) (shown string, err error) {
	if args == "" {
		return "", errors.New(":reload takes the name of a MODULE: got nothing")
	}
	name := strings.Trim(args, `"'`)
	err = r.do(ctx, func(L *lua.LState) error {
		loaded := vm.Of(L).Loaded()
		before := loaded.RawGetString(name)
		switch {
		case before == lua.LNil:
			return fmt.Errorf("module %q is not loaded: use require %q", name, name)
		case isBuiltIn(name):
			return fmt.Errorf("module %q cannot be loaded again: it is part of avescript", name)
		}
		loaded.RawSetString(name, lua.LNil)
		var after lua.LValue
		err := vm.Within(L, vm.Context(L), func(L *lua.LState) error {
			after = bind.Invoke(L, L.G.Global.RawGetString("require"), name)
			return nil
		})
		if err != nil {
			loaded.RawSetString(name, before)
			return err
		}
		shown = renewed(L.G.Global, name, before, after)
		return nil
	})
	return shown, err
}

// isBuiltIn reports whether a module does not come from a file.
func isBuiltIn(name string) bool {
	standard := []string{"_G", "string", "table", "math", "io", "os", "coroutine", "debug", "package"}
	return name == "ave" || strings.HasPrefix(name, "ave.") || slices.Contains(standard, name)
}

// renewed puts a module in the place of the earlier one in global variables.
func renewed(globals *lua.LTable, name string, before, after lua.LValue) string {
	var variables []string
	if before.Type() == lua.LTTable || before.Type() == lua.LTFunction {
		globals.ForEach(func(key, value lua.LValue) {
			if value == before {
				variables = append(variables, key.String())
			}
		})
	}
	slices.Sort(variables)
	for _, variable := range variables {
		globals.RawSetString(variable, after)
	}
	switch len(variables) {
	case 0:
		return fmt.Sprintf("module %q was loaded again; code that required it before still uses the old one", name)
	default:
		return fmt.Sprintf("module %q was loaded again; these variables have the new one: %s", name, strings.Join(variables, ", "))
	}
}

// remember keeps an input that has worked for :save, as it is written in a script.
// A text that begins with a blank is not kept.
func (r *repl) remember(ctx context.Context, text string) {
	if text == "" || text[0] == ' ' || text[0] == '\t' {
		return
	}
	if statement := r.asStatement(ctx, text); statement != "" {
		r.worked = append(r.worked, statement)
	}
}

// asStatement is an input as a script has it: a value is printed there, as it is shown
// here. It is "" if the input means nothing to a script.
func (r *repl) asStatement(ctx context.Context, text string) string {
	text = strings.TrimSpace(text)
	if isCommand(text) {
		name, args := splitCommand(text)
		return r.commandAsStatement(ctx, name, args)
	}
	if _, asks := r.helpSubject(ctx, text); asks {
		return ""
	}
	if value, ok := strings.CutPrefix(text, "="); ok {
		text = strings.TrimSpace(value)
	}
	loads := func(text string) bool { _, err := r.v.Load([]byte(text), chunkName); return err == nil }
	switch {
	case loads(text + "\ndo end"):
		if strings.HasPrefix(text, "(") {
			return "do end " + text // so that it does not call the value on the line before
		}
		return text
	case loads("return " + text + "\n"):
		return "print(" + text + lineEnd(text) + ")"
	case loads(text): // it ends with a return
		return "do end (function()\n" + text + "\nend)()"
	}
	return ""
}

// lineEnd ends a comment in a text.
func lineEnd(text string) string {
	if strings.Contains(text, "--") {
		return "\n"
	}
	return ""
}

func (r *repl) commandAsStatement(ctx context.Context, name, args string) string {
	args = strings.TrimSpace(args)
	switch name {
	case "load":
		if path, err := fileArg(name, args); err == nil {
			return "dofile(" + stdlib.Quote(path) + ")"
		}
	case "time":
		return r.asStatement(ctx, args)
	case "connect":
		if t := r.target.Load(); t != nil {
			return t.asStatement()
		}
	}
	return ""
}

// asStatement makes the target in a script, without its key.
func (t *target) asStatement() string {
	key := `os.getenv("AVE_AUTHKEY")`
	if t.from.Account != "" {
		key = fmt.Sprintf(`ave.config.load_authkeys(os.getenv("HOME"))[%s]`, stdlib.Quote(t.from.Account))
	}
	address := t.client.Address()
	return fmt.Sprintf("%s = ave.RemoteControl { address = { %s, %d }, authkey = %s }", serviceVariable, stdlib.Quote(address.Host), address.Port, key)
}

func (r *repl) runSave(_ context.Context, args string) (string, error) {
	return r.save("save", args, os.O_EXCL)
}

func (r *repl) runSaveAnyway(_ context.Context, args string) (string, error) {
	return r.save("save!", args, os.O_TRUNC)
}

// save writes the inputs that have worked as a script.
func (r *repl) save(command, args string, how int) (string, error) {
	path, err := fileArg(command, args)
	if err != nil {
		return "", err
	}
	if len(r.worked) == 0 {
		return "", errors.New("there is nothing to save: no input has worked yet")
	}
	text := "#!/usr/bin/env avescript\nlocal ave = require(\"ave\")\n\n" + strings.Join(r.worked, "\n") + "\n"
	if _, err := r.v.Load([]byte(text), path); err != nil {
		return "", fmt.Errorf("cannot save the inputs: together they are not a valid script: %w", err)
	}
	if how == os.O_TRUNC {
		if err := checkRegular(path); err != nil {
			return "", err
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|how, 0o600) // it may have keys in it
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s exists: give another name, or replace it with :save! %s", path, strings.TrimSpace(args))
	}
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	inputs := "inputs"
	if len(r.worked) == 1 {
		inputs = "input"
	}
	return fmt.Sprintf("saved %d %s in %s", len(r.worked), inputs, path), nil
}

// runShell runs a command of the shell on the terminal. Ctrl-C is for the command alone.
func (r *repl) runShell(_ context.Context, args string) (string, error) {
	if strings.TrimSpace(args) == "" {
		return "", errors.New(":! takes a command of the shell: got nothing")
	}
	c := exec.Command("/bin/sh", "-c", args)
	in, out := r.terminal()
	if r.inputs.Interactive() {
		c.Stdin = in // otherwise the inputs that follow come from there
	}
	c.Stdout, c.Stderr = out, os.Stderr
	if r.Terminal != nil {
		c.Stderr = out
	}
	err := c.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return "", fmt.Errorf("the command failed: %w", err)
	}
	return "", err
}

package repl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/pager"
	"avescript/core/printable"
	"avescript/lualib/manual"
	"avescript/lualib/script"
	"avescript/lualib/show"
	"avescript/lualib/vm"
)

// How values and errors are shown: by package show, in the columns of the terminal.

// widthOfPipe is how many columns values have where there is no terminal.
const widthOfPipe = 76

// printer returns a printer for the present size of the terminal.
func (r *repl) printer() *show.Printer {
	p := *r.show
	p.Color, p.Find = r.Color, r.known
	if script.IsTerminal(r.screen()) {
		p.Width = r.width()
	}
	return &p
}

// shown shows what an input has returned. On a terminal, if something was cut, it says how
// to see the rest.
func (r *repl) shown(L *lua.LState, values []lua.LValue) string {
	text, cut := r.printer().Values(L, values)
	if cut && r.inputs != nil && r.inputs.Interactive() {
		text += "\n" + r.faint("(cut; :all shows all of it)")
	}
	return text
}

func (r *repl) faint(text string) string {
	if !r.Color {
		return text
	}
	return "\x1b[90m" + text + "\x1b[0m"
}

// known finds what the manual says about a function that is written in Go, or Lua's own
// library.
func (r *repl) known(L *lua.LState, v lua.LValue) (show.Known, bool) {
	names := r.documented.in(L)
	entry, ok := manual.Find(names[v])
	if !ok || entry.Kind != manual.Function && entry.Kind != manual.Method {
		return r.knownOfLua51(L, v)
	}
	params := make([]string, len(entry.Params))
	for i, p := range entry.Params {
		params[i] = p.Name
		if p.Optional {
			params[i] += "?"
		}
	}
	return show.Known{Name: entry.Name, Params: strings.Join(params, ", ")}, true
}

// knownOfLua51 finds a function of Lua's own library by what it is.
func (r *repl) knownOfLua51(L *lua.LState, v lua.LValue) (show.Known, bool) {
	name := ""
	globals := r.v.Globals()
	globals.ForEach(func(key, value lua.LValue) {
		if value == v && key.Type() == lua.LTString {
			name = cmp.Or(name, key.String())
		}
	})
	for _, library := range libraries {
		if t, ok := globals.RawGetString(library).(*lua.LTable); ok {
			t.ForEach(func(key, value lua.LValue) {
				if value == v && key.Type() == lua.LTString {
					name = cmp.Or(name, library+"."+key.String())
				}
			})
		}
	}
	s, ok := lua51Signatures()[name]
	return show.Known{Name: name, Params: strings.Join(s.params, ", ")}, ok
}

// runAll shows all of the last values. A string alone is shown as the text that it is.
func (r *repl) runAll(ctx context.Context, _ string) (string, error) {
	last := r.results.all()
	if len(last) == 0 {
		return "", errors.New("there is no value yet: type an expression first")
	}
	if s, ok := last[0].(lua.LString); ok && len(last) == 1 {
		return "", r.page(printable.Lines(string(s), ""))
	}
	var text string
	err := r.do(ctx, func(L *lua.LState) error {
		p := r.printer()
		p.Whole = true
		text, _ = p.Values(L, last)
		return nil
	})
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", err
	}
	return "", r.page(text)
}

// page shows a long text, on a terminal in a pager.
func (r *repl) page(text string) error {
	text = strings.TrimSuffix(text, "\n") + "\n"
	if !script.IsTerminal(r.screen()) {
		_, err := fmt.Fprint(r.Out, text)
		return err
	}
	return pager.Show(r.screen(), text)
}

// report shows an error of an input: its message, the details of an error object, and the
// calls of scripts that led to it.
func (r *repl) report(ctx context.Context, err error) {
	look := script.Look{Color: r.Color, Object: func(e *vm.Error) (message, details string) {
		bad := r.do(ctx, func(L *lua.LState) error {
			message, details = r.printer().Error(L, e.Value.(*lua.LTable))
			return nil
		})
		if bad != nil { // Ctrl-C
			return e.Text, ""
		}
		return message, details
	}}
	look.Report(r.Out, r.v, err)
}

// runTrace shows all calls that led to the last error: those within modules of avescript,
// and those in the service that the error came from.
func (r *repl) runTrace(context.Context, string) (string, error) {
	last := r.results.failure()
	if last == nil {
		return "", errors.New("there was no error yet")
	}
	message, trace := script.Split(r.v, last)
	text := printable.Lines(message, printable.Indent) + "\n" + r.faint(vm.Traceback(last.Frames))
	if trace != "" {
		text += "\n" + r.faint(trace)
	}
	if last.Bug != "" {
		text += "\n" + last.Bug
	}
	return "", r.page(text)
}

package repl

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"avescript/lualib/script"
	"avescript/lualib/syntax"
	"avescript/lualib/vm"
)

// chunkName is what messages call the input.
const chunkName = "stdin"

// compile makes a function of an input.
func (r *repl) compile(text string) (*lua.LFunction, error) {
	if value, ok := strings.CutPrefix(strings.TrimSpace(text), "="); ok {
		return r.v.Load([]byte("return "+value), chunkName)
	}
	fn, asExpression := r.v.Load([]byte("return "+text), chunkName)
	if asExpression == nil {
		return fn, nil
	}
	fn, err := r.v.Load([]byte(text+keepLocals(text, r.scope().keeper())), chunkName)
	if err == nil {
		return fn, nil
	}
	// Nothing can follow a return, not even the code that keeps the locals.
	fn, err = r.v.Load([]byte(text), chunkName)
	if err != nil && isIncomplete(asExpression) {
		return nil, asExpression
	}
	return fn, err
}

func isIncomplete(err error) bool {
	var e *syntax.Error
	return errors.As(err, &e) && e.Incomplete
}

// incomplete reports whether more lines could make text right.
func (r *repl) incomplete(text string) bool {
	if isCommand(text) {
		return false
	}
	_, err := r.compile(text)
	return isIncomplete(err)
}

// keepLocals returns code for the end of text. It copies the local variables that text
// declares at its top level into a table, such as _G.
func keepLocals(text, table string) string {
	tree, err := syntax.Parse([]byte(text), chunkName)
	if err != nil {
		return ""
	}
	var code strings.Builder
	for _, s := range tree.Chunk {
		local, ok := s.(*ast.LocalAssignStmt)
		if !ok {
			continue
		}
		for _, name := range local.Names {
			if name == "_" {
				continue // a value that is not wanted
			}
			code.WriteString("\n" + table + "." + name + " = " + name)
		}
	}
	return code.String()
}

// evaluate runs an input and returns its values as they are to be shown.
func (r *repl) evaluate(ctx context.Context, text string) (shown string, err error) {
	if subject, ok := r.helpSubject(ctx, text); ok {
		return r.help(ctx, subject)
	}
	fn, err := r.compile(text)
	if err != nil {
		return "", err
	}
	return r.invoke(ctx, fn)
}

// invoke calls a function and returns its values as they are to be shown.
func (r *repl) invoke(ctx context.Context, fn *lua.LFunction) (shown string, err error) {
	err = r.do(ctx, func(L *lua.LState) error {
		r.enter(L, fn)
		L.Push(fn)
		L.Call(0, lua.MultRet)
		values := make([]lua.LValue, L.GetTop())
		for i := range values {
			values[i] = L.Get(i + 1)
		}
		r.results.keep(values)
		shown = r.shown(L, values)
		return nil
	})
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx) // it ended just before the input did
	}
	r.results.fail(err)
	return shown, withoutInput(err)
}

// withoutInput removes the input itself from an error's stack, because the person who
// typed it sees it. It also removes the calls within the modules that it has called.
func withoutInput(err error) error {
	var raised *vm.Error
	if !errors.As(err, &raised) {
		return err
	}
	frames := script.WithoutInternal(raised.Frames)
	for i, f := range frames {
		if f.Main && f.Source == chunkName {
			frames = frames[:i]
			break
		}
	}
	if !slices.ContainsFunc(frames, func(f vm.Frame) bool { return f.Source != "" }) {
		frames = nil // the input has called the function in Go that has raised it
	}
	short := *raised
	short.Frames = append([]vm.Frame(nil), frames...)
	if n := len(short.Frames); n > 0 {
		short.Frames[n-1].Tail = false // an expression is a tail call of the input's
	}
	return &short
}

// do runs fn in the interpreter. If the interpreter has no time, because a task computes,
// do stops waiting when ctx ends.
func (r *repl) do(ctx context.Context, fn func(L *lua.LState) error) error {
	var claimed atomic.Bool // set by fn, or when do stops waiting
	done := make(chan error, 1)
	go func() {
		done <- r.v.Do(ctx, func(L *lua.LState) error {
			if !claimed.CompareAndSwap(false, true) {
				return nil
			}
			return fn(L)
		})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if claimed.CompareAndSwap(false, true) {
		return context.Cause(ctx)
	}
	return <-done
}

// brief limits work that may be skipped if a task computes all the time.
func brief(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), tabTime)
}

func (r *repl) hasGlobal(ctx context.Context, name string) bool {
	found := false
	_ = r.do(ctx, func(L *lua.LState) error {
		_, found = r.scope().variable(lua.LString(name))
		found = found || r.v.Globals().RawGetString(name) != lua.LNil
		return nil
	})
	return found
}

package repl

import (
	"context"
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

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
	fn, err := r.v.Load([]byte(text+keepLocals(text)), chunkName)
	if err == nil {
		return fn, nil
	}
	// After a return nothing can follow, not even what keeps the locals.
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
	_, err := r.compile(text)
	return isIncomplete(err)
}

// keepLocals is code that, run at the end of text, makes global variables of
// the local ones that text declares at its top level.
func keepLocals(text string) string {
	statements, err := parse.Parse(strings.NewReader(text), chunkName)
	if err != nil {
		return ""
	}
	var code strings.Builder
	for _, s := range statements {
		local, ok := s.(*ast.LocalAssignStmt)
		if !ok {
			continue
		}
		for _, name := range local.Names {
			code.WriteString("\n_G." + name + " = " + name)
		}
	}
	return code.String()
}

// evaluate runs an input and returns its values as they are to be shown.
func (r *repl) evaluate(ctx context.Context, text string) (shown string, err error) {
	fn, err := r.compile(text)
	if err != nil {
		return "", err
	}
	err = r.v.Do(ctx, func(L *lua.LState) error {
		L.Push(fn)
		L.Call(0, lua.MultRet)
		values := make([]lua.LValue, L.GetTop())
		for i := range values {
			values[i] = L.Get(i + 1)
		}
		shown = r.show.values(L, values)
		return nil
	})
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx) // it came when the input had all but ended
	}
	return shown, withoutInput(err)
}

// withoutInput takes the input itself off an error's stack: whoever typed it
// has it before their eyes.
func withoutInput(err error) error {
	var raised *vm.Error
	if !errors.As(err, &raised) {
		return err
	}
	frames := raised.Frames
	for i, f := range frames {
		if f.Main && f.Source == chunkName {
			frames = frames[:i]
			break
		}
	}
	short := *raised
	short.Frames = append([]vm.Frame(nil), frames...)
	if n := len(short.Frames); n > 0 {
		short.Frames[n-1].Tail = false // an expression is a tail call of the input's
	}
	return &short
}

func (r *repl) hasGlobal(name string) bool {
	found := false
	_ = r.v.Do(context.Background(), func(L *lua.LState) error {
		found = r.v.Globals().RawGetString(name) != lua.LNil
		return nil
	})
	return found
}

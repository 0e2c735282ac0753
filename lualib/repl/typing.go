package repl

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/editor"
	"avescript/core/printable"
	"avescript/lualib/stdlib"
)

// typing reads what is typed in an editor.
type typing struct {
	*editor.Editor
	ctx     context.Context
	r       *repl
	in, out *os.File      // the terminal
	detach  func()        // of the streams
	looking chan struct{} // has one element while nobody looks at the globals
	require lua.LValue    // the function
	late    atomic.Pointer[lateHint]

	// opened is this value until it is closed. The interpreter refers to it for longer,
	// and must not keep alive what the prompt has shown.
	opened *atomic.Pointer[typing]
}

// How long a key waits for the interpreter, which has no time while a task computes: Tab,
// and any other key.
const (
	tabTime  = time.Second
	hintTime = 100 * time.Millisecond
)

// lateHint is a hint for which no key has waited long enough.
type lateHint struct {
	text string // up to the cursor
	hint editor.Hint
}

func (r *repl) newTyping(ctx context.Context) (*typing, error) {
	t := &typing{ctx: ctx, r: r, looking: make(chan struct{}, 1), opened: new(atomic.Pointer[typing])}
	t.in, t.out = r.terminal()
	t.looking <- struct{}{}
	var history *editor.History
	if r.History != "" {
		history, _ = editor.OpenHistory(r.History) // a home that can't be written is no reason not to start
	}
	e, err := editor.New(editor.Options{
		In: t.in, Out: t.out,
		Prompt:    r.prompt,
		IsWhole:   func(text string) bool { return !r.incomplete(text) },
		Indent:    indent,
		Highlight: func(text string, at int) []editor.Span { return highlight(text, at, r.Color) },
		Complete:  t.complete,
		Hint:      t.hint,
		Help:      t.help,
		Suspend:   r.Suspend,
		History:   history,
		Suffix:    ".lua",
	})
	if err != nil {
		return nil, err
	}
	t.Editor = e
	t.detach = r.attach(e)
	return t, r.v.Do(ctx, func(L *lua.LState) error {
		t.require = L.G.Global.RawGetString("require")
		opened := t.opened
		opened.Store(t)
		stdlib.OnExit(L, func(*lua.LState, bool) { // os.exit is called while somebody types
			if t := opened.Load(); t != nil {
				t.Close()
			}
		})
		return nil
	})
}

func (t *typing) Read() (string, error) {
	text, err := t.Editor.Read(t.ctx, prompt, continuation)
	if errors.Is(err, editor.ErrInterrupted) {
		return "", errDropped
	}
	return text, err
}

func (t *typing) Interactive() bool { return true }

func (t *typing) Close() error {
	t.detach()
	t.opened.Store(nil)
	return t.Editor.Close()
}

func (t *typing) complete(text string, at int) (c editor.Completion) {
	c.From = at
	if isCommand(text[:at]) {
		return t.completeCommand(text[:at], text[at:])
	}
	if found, ok := look(t, tabTime, func(g globals) editor.Completion { return g.complete(text[:at], text[at:]) }, nil); ok {
		c = found
	}
	return c
}

func (t *typing) hint(text string, at int) editor.Hint {
	if _, ok := callOf(text[:at]); !ok && placeOf(text[:at]).wish != method {
		return editor.Hint{} // the globals can be left alone
	}
	if late := t.late.Swap(nil); late != nil && late.text == text[:at] {
		return late.hint
	}
	hint, _ := look(t, hintTime, func(g globals) editor.Hint { return g.hint(text[:at]) }, func(hint editor.Hint) {
		t.late.Store(&lateHint{text[:at], hint})
		t.Redraw()
	})
	return hint
}

// help is about the name at the cursor, or else about the function whose arguments are
// being typed.
func (t *typing) help(text string, at int) string {
	p := placeOf(text[:skip(text, at, isNameByte)])
	if p.word == "" {
		if c, ok := callOf(text[:at]); ok {
			p = c.place
		}
	}
	if p.word == "" || p.wish != variable && p.wish != field && p.wish != method {
		return ""
	}
	subject := p.name()
	shown, _ := look(t, tabTime, func(g globals) string {
		text, err := t.r.helpIn(g.L, subject, func(expression string) (lua.LValue, error) {
			path := p.path
			if expression == subject {
				path = append(slices.Clone(path), p.word)
			}
			return cmp.Or(g.find(path), lua.LNil), nil // no code of scripts runs
		})
		if err != nil {
			return printable.Lines(err.Error(), printable.Indent)
		}
		return strings.TrimRight(text, "\n")
	}, nil)
	return shown
}

// look looks at the globals with the interpreter's lock. If that takes too long, it gives up,
// and later calls find nothing until the one that is still waiting has ended. Late, which may
// be nil, is called with what it has found then.
func look[T any](t *typing, limit time.Duration, at func(g globals) T, late func(T)) (found T, ok bool) {
	select {
	case <-t.looking:
	default:
		return found, false
	}
	result := make(chan T, 1)
	go func() {
		var seen T
		err := t.r.v.Do(t.ctx, func(L *lua.LState) error {
			seen = at(globals{L, t.r.HasAve, t.require, &t.r.documented, &t.r.results, t.r.scope()})
			return nil
		})
		t.looking <- struct{}{}
		if err == nil {
			result <- seen
		}
		close(result)
	}()
	select {
	case found, ok = <-result:
	case <-time.After(limit):
		if late != nil {
			go func() {
				if found, ok := <-result; ok {
					late(found)
				}
			}()
		}
	}
	return found, ok
}

package repl

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
	"avescript/lualib/vm"
)

// The results of inputs that the prompt keeps: the last values, as the variables _, _1, _2
// and so on, and the last error, as err.

// mostKept is how many values are kept alive.
const mostKept = 9

// errorName is the variable of the last error.
const errorName = "err"

// results are what is kept.
type results struct {
	mu     sync.Mutex
	last   []lua.LValue // all that the last input has returned
	recent []lua.LValue // the last values that are not nil, the latest one first
	err    *vm.Error    // the last error of a script, with all its calls
}

// keep keeps what an input has returned.
func (k *results) keep(values []lua.LValue) {
	if len(values) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = values
	for _, v := range values {
		if v != lua.LNil {
			k.recent = append([]lua.LValue{v}, k.recent[:min(len(k.recent), mostKept-1)]...)
		}
	}
}

// fail keeps an error that a script has raised. Other errors, such as Ctrl-C, are not kept.
func (k *results) fail(err error) {
	var raised *vm.Error
	if errors.As(err, &raised) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.err = raised
	}
}

// all gives what the last input has returned.
func (k *results) all() []lua.LValue {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last
}

// failure gives the last error, nil if there was none.
func (k *results) failure() *vm.Error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// find gives the value of a variable of the prompt, nil of Lua's if there is none.
func (k *results) find(name string) lua.LValue {
	k.mu.Lock()
	defer k.mu.Unlock()
	if name == errorName && k.err != nil {
		return k.err.Value
	}
	digits, ok := strings.CutPrefix(name, "_")
	if !ok {
		return lua.LNil
	}
	n := 1
	if digits != "" {
		var err error
		if n, err = strconv.Atoi(digits); err != nil || strconv.Itoa(n) != digits {
			return lua.LNil
		}
	}
	if n < 1 || n > len(k.recent) {
		return lua.LNil
	}
	return k.recent[n-1]
}

// offerResults makes the results variables of the inputs. They are not in a table: if a
// function that was typed uses a global variable that does not exist, it is looked up here.
// So scripts and modules do not see them, and a variable of the same name hides them once
// it is assigned. An existing metatable of the globals stays.
//
// stop ends this and drops the results, because a program can go on after its prompt.
func (r *repl) offerResults(ctx context.Context) (stop func(), err error) {
	var offered *offeredResults
	err = r.v.Do(ctx, func(L *lua.LState) error {
		offered = offer(L, r.v.Globals(), &r.results)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func() {
		offered.results.Store(nil) // at once, because running code may not end
		ctx, cancel := brief(ctx)
		defer cancel()
		_ = r.do(ctx, func(*lua.LState) error {
			offered.remove()
			return nil
		})
	}, nil
}

// offeredResults are results that are found for globals that do not exist.
type offeredResults struct {
	results atomic.Pointer[results] // nil when the prompt has ended
	globals *lua.LTable
	meta    *lua.LTable
	isOurs  bool // whether we made the metatable
	index   *lua.LFunction
	before  lua.LValue // the earlier __index
}

func offer(L *lua.LState, globals *lua.LTable, k *results) *offeredResults {
	o := &offeredResults{globals: globals}
	o.results.Store(k)
	var ok bool
	if o.meta, ok = globals.Metatable.(*lua.LTable); !ok {
		o.meta, o.isOurs = L.NewTable(), true
		globals.Metatable = o.meta
	}
	o.before = o.meta.RawGetString("__index")
	o.index = L.NewFunction(o.find)
	o.meta.RawSetString("__index", o.index)
	return o
}

// find is the __index of the globals.
func (o *offeredResults) find(L *lua.LState) int {
	key := L.Get(2)
	if k := o.results.Load(); k != nil {
		if name, ok := key.(lua.LString); ok && isTyped(L) {
			if v := k.find(string(name)); v != lua.LNil {
				L.Push(v)
				return 1
			}
		}
	}
	switch before := o.before.(type) {
	case *lua.LFunction:
		L.Push(bind.Invoke(L, before, L.Get(1), key))
	case *lua.LTable:
		L.Push(L.GetTable(before, key))
	default:
		L.Push(lua.LNil)
	}
	return 1
}

// remove restores the metatable of the globals, unless a script has changed it or another
// prompt is open.
func (o *offeredResults) remove() {
	if o.meta.RawGetString("__index") != o.index {
		return
	}
	o.meta.RawSetString("__index", o.before)
	key, _ := o.meta.Next(lua.LNil)
	if o.isOurs && key == lua.LNil && o.globals.Metatable == o.meta {
		o.globals.Metatable = lua.LNil
	}
}

// isTyped tells whether the Lua function that runs was typed at the prompt.
func isTyped(L *lua.LState) bool {
	source, _ := vm.Caller(L, func(string) bool { return true })
	return source == chunkName
}

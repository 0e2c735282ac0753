package bind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// An error object is a table whose only own field is details; every other name is
// looked up in the class and then in details, so that only one place says what the
// error is.

const detailsField = "details"

// Throw raises err in the code that L runs, as an error object.
func Throw(L *lua.LState, err error) {
	vm.Raise(L, ErrorValue(L, err))
}

// ErrorValue returns the Lua value of an error: what a script has raised, or else
// an error object. This is the only place where Go errors become Lua errors.
func ErrorValue(L *lua.LState, err error) lua.LValue {
	var raised *vm.Error
	if errors.As(err, &raised) {
		return raised.Value
	}
	return ErrorObject(L, asException(err))
}

func asException(err error) *exceptions.Error {
	var e *exceptions.Error
	var badValue *codec.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &badValue):
		return exceptions.TypeError.Newf("%w", err)
	}
	return exceptions.Exception.Newf("%w", err)
}

// foreign is the Go part of an error object of an unknown type from a peer.
type foreign struct{}

// ErrorObject makes the Lua object of an exception.
func ErrorObject(L *lua.LState, e *exceptions.Error) *lua.LTable {
	details := L.NewTable()
	details.RawSetString("type", lua.LString(e.Class.Name))
	details.RawSetString("message", lua.LString(e.Message))
	if e.Trace != nil {
		details.RawSetString("trace", traceTable(L, e.Trace))
	}
	all := e.AllDetails()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		details.RawSetString(key, detailValue(L, all[key]))
	}
	object := newErrorObject(L, ExceptionClass(L, e.Class), details)
	if e.Foreign {
		Attach(object, foreign{})
	}
	return object
}

func newErrorObject(L *lua.LState, class, details *lua.LTable) *lua.LTable {
	object := L.NewTable()
	object.Metatable = class
	object.RawSetString(detailsField, details)
	return object
}

func traceTable(L *lua.LState, trace []exceptions.Frame) *lua.LTable {
	list := L.CreateTable(len(trace), 0)
	for _, f := range trace {
		list.Append(Value(L, []any{f.File, f.Line, f.Func, f.Source}))
	}
	return list
}

// detailValue converts a detail to a Lua value by way of JSON.
func detailValue(L *lua.LState, detail any) lua.LValue {
	if s, ok := detail.(string); ok {
		return lua.LString(s) // even if it is not UTF-8, as a command's output may be
	}
	raw, isRaw := detail.(json.RawMessage)
	if !isRaw {
		var err error
		if raw, err = json.Marshal(detail); err != nil {
			return lua.LString(err.Error())
		}
	}
	v, err := codec.ForRPC(L).Decode(raw)
	if err != nil {
		return lua.LString(raw)
	}
	return v
}

// detailsTime limits the metamethods of an error's details.
const detailsTime = time.Second

// AsException converts an error to an exception for another program, with the trace
// if a script of v has raised it. It takes the lock.
func AsException(v *vm.VM, err error) *exceptions.Error {
	var raised *vm.Error
	if !errors.As(err, &raised) {
		return asException(err)
	}
	e := exceptions.Exception.Newf("%s", raised.Text).WithTrace(trace(raised.Frames))
	ctx, cancel := context.WithTimeout(context.Background(), detailsTime)
	defer cancel()
	// The details may have metamethods, which may fail too.
	var class string
	bad := v.Do(ctx, func(L *lua.LState) (err error) {
		if IsErrorObject(raised.Value) {
			class = NameOf(raised.Value)
			e, err = Exception(L, raised.Value, raised.Frames)
		}
		return err
	})
	if bad != nil {
		return exceptions.TypeError.Newf("details of %s: %w", class, bad)
	}
	return e
}

// Exception converts a value that a script has raised, to send it on. Frames say
// where that happened. An object that has a trace already keeps it; if it came from
// a service, it has only passed through here. This is the only place where Lua
// errors become Go errors.
func Exception(L *lua.LState, value lua.LValue, frames []vm.Frame) (*exceptions.Error, error) {
	object, ok := value.(*lua.LTable)
	if !ok || !IsErrorObject(object) {
		return exceptions.Exception.Newf("%s", L.ToStringMeta(value).String()).WithTrace(trace(frames)), nil
	}
	e := &exceptions.Error{Class: classOf(object)}
	_, e.Foreign = Part[foreign](object)
	detailsOf(object).ForEach(func(key, v lua.LValue) {
		name, _ := key.(lua.LString)
		switch name {
		case "type":
		case "message":
			e.Message = v.String()
		default:
			raw, err := codec.ForRPC(L).Append(L, nil, v)
			if err != nil {
				return // details that JSON cannot express are left out
			}
			if name == "trace" && json.Unmarshal(raw, &e.Trace) == nil {
				return
			}
			if e.Details == nil {
				e.Details = map[string]any{}
			}
			e.Details[string(name)] = json.RawMessage(raw)
		}
	})
	if e.Trace == nil || e.Foreign {
		e.Trace = append(trace(frames), e.Trace...)
	}
	return e, nil
}

// trace converts a Lua stack, innermost call first, to the form that is sent with
// an exception: outermost first, Lua functions only.
func trace(frames []vm.Frame) []exceptions.Frame {
	list := []exceptions.Frame{}
	for _, f := range slices.Backward(frames) {
		if f.Source == "" {
			continue
		}
		name := f.Name
		if f.Main {
			name = "main chunk"
		}
		list = append(list, exceptions.Frame{
			File: f.Source, Line: f.Line, Func: name, Source: f.Text(),
		})
	}
	return list
}

// IsErrorObject reports whether v is an object of an error class.
func IsErrorObject(v lua.LValue) bool {
	t, ok := v.(*lua.LTable)
	return ok && detailsOf(t) != nil && classOf(t) != nil
}

func detailsOf(object *lua.LTable) *lua.LTable {
	details, _ := object.RawGetString(detailsField).(*lua.LTable)
	return details
}

// classOf returns the exception's class of an object: that of its Lua class, or of
// the nearest ancestor that has one. Details may name another type: the error is
// sent under that name, but stays what the object is. So details from a client
// cannot turn an error into an Exit.
func classOf(object *lua.LTable) *exceptions.Class {
	class, _ := object.Metatable.(*lua.LTable)
	for c := class; c != nil; c = ParentOf(c) {
		if known, ok := Part[*exceptions.Class](c); ok {
			if name, ok := detailsOf(object).RawGetString("type").(lua.LString); ok && string(name) != known.Name {
				return &exceptions.Class{Name: string(name), Parent: known}
			}
			return known
		}
	}
	return nil
}

// exceptionTables are an interpreter's error classes, by name.
var exceptionTables = vm.Keep(func(*lua.LState) map[string]*lua.LTable { return map[string]*lua.LTable{} })

// ExceptionClass returns the Lua class of an exception's class.
func ExceptionClass(L *lua.LState, c *exceptions.Class) *lua.LTable {
	tables := exceptionTables.Of(L)
	if t, ok := tables[c.Name]; ok {
		if known, _ := Part[*exceptions.Class](t); known == c {
			return t
		}
	}
	var parent *lua.LTable
	if c.Parent != nil {
		parent = ExceptionClass(L, c.Parent)
	} else {
		parent = rootException.In(L)
	}
	t := NewClass(L, c.Name, parent)
	Attach(t, c)
	if exceptions.Lookup(c.Name) == c {
		tables[c.Name] = t // unknown names from peers are not stored
	}
	return t
}

// rootException is the parent of Exception. It has what all errors share.
var rootException = &Class{
	Name:   "Raisable",
	Params: "details, ...",
	Init:   initException,
	Methods: []Fn{
		Func("format_trace", "", formatTrace),
	},
	Meta: map[string]lua.LGFunction{
		"__index":    exceptionIndex,
		"__newindex": exceptionNewIndex,
		"__tostring": exceptionToString,
		"__concat":   exceptionConcat,
		"__tojson":   exceptionToJSON,
	},
	Copy: Copy{Stays: true},
}

// initException is AveException(details), with a text or a table that has a
// message; for RunError(cmd, out, message?) see [fillRunError].
func initException(c *Call) error {
	class, _ := c.Self.Metatable.(*lua.LTable)
	details := c.L.NewTable()
	fill := fillDetails
	if nearestClass(class).IsA(exceptions.RunError) {
		fill = fillRunError
	} else if c.Len() > 1 {
		return exceptions.TypeError.Newf("%s: wanted one argument, a message or a table with one, got %d", className(class), c.Len())
	}
	if err := fill(c, details); err != nil {
		return err
	}
	if details.RawGetString("type") == lua.LNil {
		details.RawSetString("type", lua.LString(className(class)))
	}
	c.Self.RawSetString(detailsField, details)
	return nil
}

func nearestClass(class *lua.LTable) *exceptions.Class {
	for ; class != nil; class = ParentOf(class) {
		if known, ok := Part[*exceptions.Class](class); ok {
			return known
		}
	}
	return nil
}

func fillDetails(c *Call, details *lua.LTable) error {
	name := className(c.Self.Metatable)
	switch given := c.Arg(1).(type) {
	case lua.LString, lua.LNumber:
		details.RawSetString("message", lua.LString(given.String()))
		return nil
	case *lua.LTable:
		var odd lua.LValue
		given.ForEach(func(key, v lua.LValue) {
			if s, ok := key.(lua.LString); ok {
				details.RawSetString(string(s), v)
			} else {
				odd = key
			}
		})
		if odd != nil {
			return exceptions.TypeError.Newf("%s: argument 'details': wanted strings as keys, got %s", name, Describe(odd))
		}
		if _, ok := details.RawGetString("message").(lua.LString); ok || mayLackMessage(c, details) {
			return nil
		}
		return exceptions.TypeError.Newf("%s: argument 'details': wanted a string as the message, got %s",
			name, Describe(details.RawGetString("message")))
	case *lua.LNilType:
		if known := nearestClass(c.Self.Metatable.(*lua.LTable)); known != nil && defaultMessages[known.Name] != "" {
			details.RawSetString("message", lua.LString(defaultMessages[known.Name]))
			return nil
		}
	}
	return exceptions.TypeError.Newf("%s: argument 'details': wanted a message or a table with one, got %s", name, Describe(c.Arg(1)))
}

// defaultMessages are the messages of the classes of ave.network.exceptions;
// ave-common's document has them too.
var defaultMessages = map[string]string{
	"ConnectionClosed":     "connection closed",
	"ConnectionTimeout":    "timed out",
	"ConnectionRefused":    "connection refused",
	"ConnectionInProgress": "connection in progress",
	"ConnectionAgain":      "connection again",
	"ConnectionReset":      "connection reset",

	"ConnectionUnknownHost": "unknown host",
}

func formatTrace(c *Call) error {
	e, err := Exception(c.L, c.Self, nil)
	if err != nil {
		return err
	}
	return c.Return(e.FormatTrace())
}

func exceptionIndex(L *lua.LState) int {
	object, key := L.CheckTable(1), L.Get(2)
	for class, _ := object.Metatable.(*lua.LTable); class != nil; class = ParentOf(class) {
		if v := class.RawGet(key); v != lua.LNil {
			L.Push(v)
			return 1
		}
	}
	if details := detailsOf(object); details != nil {
		L.Push(details.RawGet(key))
		return 1
	}
	return 0
}

func exceptionNewIndex(L *lua.LState) int {
	object := L.CheckTable(1)
	if details := detailsOf(object); details != nil {
		L.RawSet(details, L.Get(2), L.Get(3))
	} else {
		L.RawSet(object, L.Get(2), L.Get(3))
	}
	return 0
}

// uninitialized returns the error for an object without details.
func uninitialized(object lua.LValue) error {
	return fmt.Errorf("%s: the object was never initialized: its class must call the init of its parent", NameOf(object))
}

func exceptionToString(L *lua.LState) int {
	if object := L.Get(1); !IsErrorObject(object) {
		L.Push(lua.LString(uninitialized(object).Error()))
		return 1
	}
	e, err := Exception(L, L.Get(1), nil)
	if err != nil {
		L.Push(lua.LString(e.Message))
		return 1
	}
	L.Push(lua.LString(e.Text()))
	return 1
}

// exceptionConcat lets an error be part of a message like a string.
func exceptionConcat(L *lua.LState) int {
	L.Push(lua.LString(L.ToStringMeta(L.Get(1)).String() + L.ToStringMeta(L.Get(2)).String()))
	return 1
}

func exceptionToJSON(L *lua.LState) int {
	details := detailsOf(L.CheckTable(1))
	if details == nil {
		vm.Raise(L, lua.LString(uninitialized(L.Get(1)).Error()))
	}
	L.Push(details)
	return 1
}

package vm

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Stack is the calls of a Lua stack with their variables, for somebody who looks at them.
// The code either waits or has raised an error. If it waits, its variables can be set.
// After an error, setting a variable only changes what the stack shows, because functions
// that share the variable have had a copy since the error. The caller of a method has the
// lock. Calls are numbered from 0, the innermost.
type Stack struct {
	vm    *VM
	calls []stackCall
}

type stackCall struct {
	activation
	fn    *lua.LFunction
	frame Frame
	kept  []Variable // the locals, copied when the code goes on; nil before
}

// Variable is a local variable or an upvalue of a call.
type Variable struct {
	Name    string
	Value   lua.LValue
	Upvalue bool
}

// StackOf is the stack of the code that has called the Go function that L is running. It
// must be closed before the code goes on.
func StackOf(L *lua.LState) *Stack { return threadOf(L).stack() }

func (t *thread) stack() *Stack {
	s := &Stack{vm: t.vm}
	for a := range t.activations() {
		fn, err := a.L.GetInfo("f", a.dbg, lua.LNil)
		if err != nil {
			continue
		}
		s.calls = append(s.calls, stackCall{activation: a, fn: fn.(*lua.LFunction), frame: a.describe(t.vm)})
	}
	return s
}

// stackIfKept is the stack of code that ends, or nil if stacks are not kept.
func (t *thread) stackIfKept() *Stack {
	if !t.vm.KeepStacks {
		return nil
	}
	return t.stack()
}

// Stopped is the stack of the code that was last ended by the end of its context. It is nil
// if there is none or KeepStacks is not set. Each stack is returned once.
func Stopped(L *lua.LState) *Stack {
	v := threadOf(L).vm
	stack := v.stopped
	v.stopped = nil
	return stack
}

// Close must be called when the code of the stack goes on. After that the stack shows the
// values that the local variables had at this time.
func (s *Stack) Close() {
	for i := range s.calls {
		c := &s.calls[i]
		if c.kept == nil {
			c.kept = append([]Variable{}, c.locals()...)
			c.activation = activation{}
		}
	}
}

// Frames are the calls.
func (s *Stack) Frames() []Frame {
	frames := make([]Frame, len(s.calls))
	for i, c := range s.calls {
		frames[i] = c.frame
	}
	return frames
}

// Environment is the table with the global variables of a call's function.
func (s *Stack) Environment(call int) *lua.LTable {
	if fn := s.calls[call].fn; fn.Env != nil {
		return fn.Env
	}
	return s.vm.Globals()
}

// Variables are the variables that the code of a call sees at its line: the locals, the
// latest first, and then the upvalues.
func (s *Stack) Variables(call int) []Variable {
	c := &s.calls[call]
	seen := map[string]bool{}
	var all []Variable
	for _, v := range append(c.locals(), c.upvalues()...) {
		if !seen[v.Name] {
			seen[v.Name] = true
			all = append(all, v)
		}
	}
	return all
}

// Get is the value of the variable of a call with this name, if there is one.
func (s *Stack) Get(call int, name string) (value lua.LValue, ok bool) {
	for _, v := range s.Variables(call) {
		if v.Name == name {
			return v.Value, true
		}
	}
	return lua.LNil, false
}

// Set sets the variable of a call with this name, if there is one.
func (s *Stack) Set(call int, name string, value lua.LValue) (ok bool) {
	c := &s.calls[call]
	for i := range c.kept {
		if c.kept[i].Name == name {
			c.kept[i].Value = value
			return true
		}
	}
	if c.kept == nil {
		for i := len(c.registers()); i > 0; i-- {
			if local, _ := c.L.GetLocal(c.dbg, i); local == name {
				c.L.SetLocal(c.dbg, i, value)
				return true
			}
		}
	}
	for i, v := range c.upvalues() {
		if v.Name == name {
			s.vm.main.SetUpvalue(c.fn, i+1, value)
			return true
		}
	}
	return false
}

// registers are the local variables in the order of their declaration, including those that
// Lua itself uses for a loop.
func (c *stackCall) registers() (all []Variable) {
	if c.fn.Proto == nil {
		return nil
	}
	for i := 1; ; i++ {
		name, value := c.L.GetLocal(c.dbg, i)
		if name == "" || name == "(*temporary)" {
			return all
		}
		all = append(all, Variable{Name: name, Value: value})
	}
}

// locals are the local variables, the latest first.
func (c *stackCall) locals() (all []Variable) {
	if c.kept != nil {
		return c.kept
	}
	registers := c.registers()
	seen := map[string]bool{}
	for i := len(registers) - 1; i >= 0; i-- {
		if v := registers[i]; !strings.HasPrefix(v.Name, "(") && !seen[v.Name] {
			seen[v.Name] = true
			all = append(all, v)
		}
	}
	return all
}

func (c *stackCall) upvalues() (all []Variable) {
	if c.fn.Proto == nil {
		return nil
	}
	for i, upvalue := range c.fn.Upvalues {
		all = append(all, Variable{Name: c.fn.Proto.DbgUpvalues[i], Value: upvalue.Value(), Upvalue: true})
	}
	return all
}

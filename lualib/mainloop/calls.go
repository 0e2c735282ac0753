package mainloop

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// call calls the value in the register A of an instruction with its arguments in the
// registers behind it.
func (m *machine) call(inst uint32) {
	f := m.frame
	at := f.LocalBase + bytecode.A(inst)
	n := bytecode.B(inst) - 1
	if n < 0 {
		n = m.reg.top - at - 1
	}
	fn, ok := m.reg.array[at].(*lua.LFunction)
	if !ok {
		fn, n = m.callable(inst, at, n)
	}
	if fn.IsG {
		m.callGo(fn, at, n, bytecode.C(inst)-1)
		return
	}
	base := m.prepare(fn, at, n)
	next := m.frames.push()
	if next == nil {
		m.raise("stack overflow")
	}
	next.Fn, next.Parent, next.Pc, next.TailCall = fn, f, 0, 0
	next.Base, next.LocalBase, next.ReturnBase = at, base, at
	next.NArgs, next.NRet = n, bytecode.C(inst)-1
	m.begin(next)
}

// begin starts a function whose frame and arguments are complete.
func (m *machine) begin(f *frame) {
	proto := f.Fn.Proto
	m.state.currentFrame, m.frame = f, f
	m.execution(proto)
	m.look(f.LocalBase)
	m.reg.top = f.LocalBase + int(proto.NumUsedRegisters)
}

// prepare makes the registers of a function ready that is called with n arguments
// behind the register at, and returns the first of them. It runs before there is a
// frame for the call, because it may raise an error.
func (m *machine) prepare(fn *lua.LFunction, at, n int) (base int) {
	proto := fn.Proto
	if proto.IsVarArg&lua.VarArgIsVarArg != 0 {
		return m.prepareVarargs(fn, at, n)
	}
	base = at + 1
	m.reserve(base + windowSize)
	params := int(proto.NumParameters)
	m.clearTo(base+min(n, params), base+max(n, int(proto.NumUsedRegisters)))
	return base
}

// clearTo sets registers to nil.
func (m *machine) clearTo(from, to int) {
	none := lua.LNil
	registers := m.reg.array[from:to]
	for i := range registers {
		registers[i] = none
	}
}

// prepareVarargs is prepare for a function with "...": its registers are behind the
// arguments, and its parameters are moved there.
func (m *machine) prepareVarargs(fn *lua.LFunction, at, n int) (base int) {
	proto := fn.Proto
	params := int(proto.NumParameters)
	first := at + 1
	base = first + max(n, params)
	used := max(int(proto.NumUsedRegisters), params+1)
	m.reserve(base + windowSize)
	m.clearTo(first+n, base)
	copy(m.reg.array[base:], m.reg.array[first:first+params])
	m.clearTo(first, first+params)
	m.clearTo(base+params, base+used)
	if proto.IsVarArg&lua.VarArgNeedsArg != 0 {
		rest := m.reg.array[first+params : base]
		arg := newTable(len(rest), 1)
		tableOf(arg).array = append(tableOf(arg).array, rest...)
		arg.RawSetString("n", lua.LNumber(len(rest)))
		m.reg.array[base+params] = arg
	}
	return base
}

// varargs stores the values of "...".
func (m *machine) varargs(inst uint32) {
	f := m.frame
	params := int(f.Fn.Proto.NumParameters)
	from := f.Base + 1 + params
	have := max(f.NArgs-params, 0)
	at := f.LocalBase + bytecode.A(inst)
	n := bytecode.B(inst) - 1
	if n < 0 {
		n = have
		m.reserve(at + n)
		m.reg.top = at + n
	}
	copied := min(n, have)
	copy(m.reg.array[at:], m.reg.array[from:from+copied])
	m.clearTo(at+copied, at+n)
}

// callable returns the function that is called for a value that is not one, which
// becomes the first argument.
func (m *machine) callable(inst uint32, at, n int) (*lua.LFunction, int) {
	v := m.reg.array[at]
	fn, ok := m.metamethod(v, "__call").(*lua.LFunction)
	if !ok {
		m.typeError("call", bytecode.A(inst), v)
	}
	m.reserve(at + n + 2)
	array := m.reg.array
	copy(array[at+2:], array[at+1:at+1+n])
	array[at+1] = v
	return fn, n + 1
}

// callGo calls a Go function with n arguments behind the register at.
func (m *machine) callGo(fn *lua.LFunction, at, n, wanted int) {
	f := m.frame
	next := m.frames.push()
	if next == nil {
		m.raise("stack overflow")
	}
	next.Fn, next.Parent, next.Pc, next.TailCall = fn, f, 0, 0
	next.Base, next.LocalBase, next.ReturnBase = at, at+1, at
	next.NArgs, next.NRet = n, wanted
	m.reg.top = at + 1 + n
	m.state.currentFrame = next
	m.finishGo(next, fn.GFunction(m.L))
	m.look(f.LocalBase)
	if wanted != lua.MultRet {
		m.settle()
	}
}

// finishGo moves the n results of a Go function to where its caller wants them, and
// leaves its frame. The top of the registers is behind the results then.
func (m *machine) finishGo(f *frame, n int) {
	if n < 0 {
		m.L.RaiseError("can not yield from outside of a coroutine")
	}
	m.deliver(f, m.reg.top-n, n, m.reg.top)
	m.frames.pop()
	m.state.currentFrame = f.Parent
}

// deliver moves n results from a register on to where the caller of f wants them,
// and clears the registers between them and end.
func (m *machine) deliver(f *frame, from, n, end int) {
	wanted := f.NRet
	if wanted == lua.MultRet {
		wanted = n
	}
	to := f.ReturnBase
	stop := to + wanted
	if stop > len(m.reg.array) {
		m.reserve(stop)
	}
	array := m.reg.array
	if n == 1 && wanted == 1 {
		array[to] = array[from]
	} else {
		moved := min(n, wanted)
		copy(array[to:], array[from:from+moved])
		m.clearTo(to+moved, stop)
	}
	m.reg.top = stop
	if end > stop {
		clear(array[stop:end])
	}
}

// settle puts the top of the registers behind those of the running function, after
// an open number of values was used or a call has returned.
func (m *machine) settle() {
	f := m.frame
	top := f.LocalBase + int(f.Fn.Proto.NumUsedRegisters)
	if top < m.reg.top {
		clear(m.reg.array[top:m.reg.top])
	}
	m.reg.top = top
}

// ret returns from the current function. It reports whether the loop is left.
func (m *machine) ret(inst uint32, base *frame) bool {
	from := m.frame.LocalBase + bytecode.A(inst)
	n := bytecode.B(inst) - 1
	if n < 0 {
		n = m.reg.top - from
	}
	return m.leave(from, n, base)
}

// leave returns n values from the register from on.
func (m *machine) leave(from, n int, base *frame) bool {
	f := m.frame
	if m.state.uvcache != nil {
		m.state.closeUpvalues(f.LocalBase)
	}
	m.deliver(f, from, n, max(m.reg.top, f.LocalBase+int(f.Fn.Proto.NumUsedRegisters)))
	m.frames.pop()
	caller := f.Parent
	m.state.currentFrame = caller
	if f == base || caller == nil || caller.Fn.IsG {
		return true
	}
	m.resume(caller)
	if f.NRet != lua.MultRet {
		m.reg.top = caller.LocalBase + int(caller.Fn.Proto.NumUsedRegisters)
	}
	return false
}

// tailCall calls a function in place of the current one. A Go function is called by
// the current one, which returns its results. It reports whether the loop is left.
func (m *machine) tailCall(inst uint32, base *frame) bool {
	f := m.frame
	at := f.LocalBase + bytecode.A(inst)
	n := bytecode.B(inst) - 1
	if n < 0 {
		n = m.reg.top - at - 1
	}
	fn, ok := m.reg.array[at].(*lua.LFunction)
	if !ok {
		fn, n = m.callable(inst, at, n)
	}
	if m.state.uvcache != nil {
		m.state.closeUpvalues(f.LocalBase)
	}
	if fn.IsG {
		m.callGo(fn, at, n, lua.MultRet)
		return m.leave(at, m.reg.top-at, base)
	}
	end := max(m.reg.top, at+1+n, f.LocalBase+int(f.Fn.Proto.NumUsedRegisters))
	m.reserve(f.Base + 2*(n+windowSize)) // before the arguments move, because it may raise an error
	array := m.reg.array
	copy(array[f.Base:], array[at:at+1+n])
	f.LocalBase = m.prepare(fn, f.Base, n)
	f.Fn, f.Pc, f.NArgs = fn, 0, n
	f.TailCall++
	m.begin(f)
	if end > m.reg.top {
		clear(m.reg.array[m.reg.top:end])
	}
	return false
}

// call2 calls a metamethod with two arguments, and returns its result.
func (m *machine) call2(fn, x, y lua.LValue) lua.LValue {
	m.mustBeCallable(fn)
	m.L.Push(fn)
	m.L.Push(x)
	m.L.Push(y)
	m.L.Call(2, 1)
	result := m.reg.array[m.reg.top-1]
	m.reg.array[m.reg.top-1] = nil
	m.refresh()
	return result
}

// call3 calls a metamethod with three arguments.
func (m *machine) call3(fn, x, y, z lua.LValue) {
	m.mustBeCallable(fn)
	m.L.Push(fn)
	m.L.Push(x)
	m.L.Push(y)
	m.L.Push(z)
	m.L.Call(3, 0)
	m.refresh()
}

func (m *machine) mustBeCallable(fn lua.LValue) {
	if _, ok := fn.(*lua.LFunction); ok {
		return
	}
	if _, ok := m.metamethod(fn, "__call").(*lua.LFunction); !ok {
		m.raise("attempt to call a " + fn.Type().String() + " value")
	}
}

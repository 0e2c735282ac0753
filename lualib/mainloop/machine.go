package mainloop

import (
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

const windowSize = 256

// window is the registers of a function, from the first one on.
type window [windowSize]lua.LValue

// machine is the state of a running loop. It is always used through a pointer and
// passed to functions, so that the compiler keeps it in memory: in registers it would
// be saved and restored around every call.
type machine struct {
	window    *window
	code      []uint32
	constants []lua.LValue
	frame     *frame // the running Lua function
	reg       *registry
	attention *atomic.Int32
	state     *state
	frames    *frameStack
	loop      *Loop
	L         *lua.LState

	temporaries uint32 // see [Annotate]
}

// enter makes a frame the running one, whose registers are ready.
func (m *machine) enter(f *frame) {
	pc := f.Pc
	if pc == 0 {
		f.Pc = 1 // for the place in the message if there are too many registers
	}
	m.reserve(f.LocalBase + windowSize)
	f.Pc = pc
	m.resume(f)
}

// resume is enter for a frame that has run before, whose window exists.
func (m *machine) resume(f *frame) {
	m.frame = f
	m.execution(f.Fn.Proto)
	m.look(f.LocalBase)
}

func (m *machine) execution(proto *lua.FunctionProto) {
	m.code, m.constants = proto.Code, proto.Constants
	m.temporaries = temporaries(proto.Code)
}

// look sets the window, at the latest after the registers may have moved.
func (m *machine) look(base int) {
	m.window = (*window)(m.reg.array[base : base+windowSize])
}

// refresh is called after other code has used the stack: its top is again behind
// the registers of the running function.
func (m *machine) refresh() {
	f := m.frame
	m.look(f.LocalBase)
	m.reg.top = f.LocalBase + int(f.Fn.Proto.NumUsedRegisters)
}

// reserve makes room for registers up to size.
func (m *machine) reserve(size int) {
	if size > len(m.reg.array) {
		m.growTo(size)
	}
}

func (m *machine) growTo(size int) {
	r := m.reg
	grown := min(size+r.growBy, r.maxSize)
	if grown < size {
		m.raise("stack overflow")
	}
	array := make([]lua.LValue, grown)
	copy(array, r.array)
	r.array = array
	if m.frame != nil {
		m.look(m.frame.LocalBase)
	}
}

// b returns the operand B of an instruction, a register or a constant.
func (m *machine) b(inst uint32) lua.LValue {
	if inst&constantB != 0 {
		return m.constants[inst&0xff]
	}
	return m.window[inst&0xff]
}

// c returns the operand C.
func (m *machine) c(inst uint32) lua.LValue {
	if inst&constantC != 0 {
		return m.constants[inst>>shiftC&0xff]
	}
	return m.window[inst>>shiftC&0xff]
}

const (
	shiftOp   = 26
	shiftA    = 18
	shiftC    = 9
	constantB = 1 << 8
	constantC = constantB << shiftC
)

// set stores a value in the register A of an instruction.
func (m *machine) set(inst uint32, v lua.LValue) { m.window[inst>>shiftA&0xff] = v }

// setNumber stores a number in the register A of an instruction.
func (m *machine) setNumber(inst uint32, x float64) {
	m.loop.numbers.set(&m.window[inst>>shiftA&0xff], x)
}

// jumpIf ends a comparison. If the result is the one in A, the jump that follows is
// taken; otherwise it is skipped.
func (m *machine) jumpIf(inst uint32, result bool) {
	if result == (inst>>shiftA&0xff == 0) {
		m.frame.Pc++
		return
	}
	m.jump(m.frame)
}

// jump executes the next instruction together with the current one if it is a jump,
// and if nobody looks at each instruction.
func (m *machine) jump(f *frame) {
	next := m.code[f.Pc]
	if next>>shiftOp == uint32(lua.OP_JMP) && m.attention.Load() == 0 {
		f.Pc += 1 + distance(next)
	}
}

// observe calls the hook before an instruction.
func (m *machine) observe() {
	m.loop.hooks.Observe(m.L)
	m.look(m.frame.LocalBase)
}

// current returns the instruction that is being executed.
func (m *machine) current() uint32 { return m.code[m.frame.Pc-1] }

func isNil(v lua.LValue) bool {
	_, ok := v.(*lua.LNilType)
	return ok
}

// isFalse reports whether a condition is false.
func isFalse(v lua.LValue) bool {
	switch v := v.(type) {
	case *lua.LNilType:
		return true
	case lua.LBool:
		return !bool(v)
	}
	return false
}

func distance(inst uint32) int { return bytecode.Distance(inst) }

package vm

import (
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// Counts how often each instruction is executed, for coverage. Without it the hook
// costs nothing more: counting is one of the reasons to leave the fast path.

// Counters returns the counters of a chunk, one for each of its instructions; nil
// if the chunk is not counted. lines has the line of each instruction, as [Lines]
// returns it. The counters are updated atomically, and may be shared with other
// processes.
type Counters func(chunk *Chunk, lines []int32) []uint64

// counting is an interpreter's state for counting.
type counting struct {
	counters Counters
	of       map[*lua.FunctionProto][]uint64 // keeps the prototypes that are counted
}

// Count makes the VM count the instructions of everything that is loaded from now
// on. Call it once, before anything runs. The counters are in use until the VM is
// closed.
func (vm *VM) Count(counters Counters) {
	vm.counting = &counting{counters, map[*lua.FunctionProto][]uint64{}}
	vm.attention.Add(1)
}

// add asks for the counters of a chunk.
func (c *counting) add(proto *lua.FunctionProto, chunk *Chunk) {
	if counters := c.counters(chunk, Lines(proto)); counters != nil {
		c.hand(proto, counters)
	}
}

// hand gives a prototype and those inside it their part of the counters, and
// returns the rest.
func (c *counting) hand(proto *lua.FunctionProto, counters []uint64) []uint64 {
	n := len(proto.Code)
	c.of[proto], counters = counters[:n:n], counters[n:]
	for _, inner := range proto.FunctionPrototypes {
		counters = c.hand(inner, counters)
	}
	return counters
}

// counted is the function whose instructions a thread counted last.
type counted struct {
	proto    *lua.FunctionProto
	counters []uint64
}

// count counts the instruction that t is about to execute. Of several moves in a row
// the first one stands for all of them.
func (t *thread) count() {
	frame := currentFrame(t.L)
	if proto := frame.fn.Proto; proto != t.counted.proto {
		t.counted = counted{proto, t.vm.counting.of[proto]}
	}
	c := t.counted.counters
	if c == nil {
		return
	}
	pc := frame.pc - 1
	last := pc
	if inst := frame.fn.Proto.Code[pc]; bytecode.Op(inst) == lua.OP_MOVEN {
		last += bytecode.C(inst)
	}
	for ; pc <= last; pc++ {
		atomic.AddUint64(&c[pc], 1)
	}
}

// Lines returns the line of each instruction of a prototype, and then of those
// inside it. It is 0 for instructions that do not make a line executable: what the
// compiler adds at the end of a function or a loop may never be reached, although
// every statement is.
func Lines(proto *lua.FunctionProto) []int32 {
	lines := make([]int32, len(proto.Code))
	for pc, inst := range proto.Code {
		if !isAdded(proto, pc, inst) {
			lines[pc] = int32(proto.DbgSourcePositions[pc])
		}
	}
	closureLines(proto, lines)
	for _, inner := range proto.FunctionPrototypes {
		lines = append(lines, Lines(inner)...)
	}
	return lines
}

// closureLines puts what makes a closure on the line where the function begins, because
// the compiler has it where the function ends.
func closureLines(proto *lua.FunctionProto, lines []int32) {
	for pc, inst := range proto.Code {
		if bytecode.Op(inst) == lua.OP_CLOSURE {
			inner := proto.FunctionPrototypes[bytecode.Bx(inst)]
			lines[pc] = int32(inner.LineDefined)
			clear(lines[pc+1 : pc+1+int(inner.NumUpvalues)]) // which upvalues it has
		}
	}
}

// isAdded reports whether the compiler added the instruction without a statement. A
// jump forward may be a break; a jump back is the end of a loop.
func isAdded(proto *lua.FunctionProto, pc int, inst uint32) bool {
	switch bytecode.Op(inst) {
	case lua.OP_RETURN:
		return pc == len(proto.Code)-1
	case lua.OP_JMP:
		return bytecode.Distance(inst) < 0
	case lua.OP_CLOSE, lua.OP_NOP:
		return true
	}
	return false
}

package mainloop

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// execute runs the current function until base returns. What is done most often is
// done here, and the rest in functions, one for each kind of instruction. It is long,
// because a loop with one switch is what makes it fast.
//
// A register is never assigned the result of a function directly: the compiler may
// read the window before the call, which can move the registers.
func (m *machine) execute(base *frame) {
	for {
		f := m.frame
		inst := m.code[f.Pc]
		f.Pc++
		if m.attention.Load() != 0 {
			m.observe()
		}
		switch int(inst >> 26) {
		case lua.OP_MOVE:
			m.window[inst>>shiftA&0xff] = m.window[inst&0xff]

		case lua.OP_MOVEN:
			m.window[inst>>shiftA&0xff] = m.window[inst&0xff]
			for n := inst >> shiftC & 0x1ff; n > 0; n-- {
				inst := m.code[f.Pc]
				f.Pc++
				m.window[inst>>shiftA&0xff] = m.window[inst&0xff]
			}

		case lua.OP_LOADK:
			m.window[inst>>shiftA&0xff] = m.constants[bytecode.Bx(inst)]

		case lua.OP_LOADBOOL:
			m.window[inst>>shiftA&0xff] = lua.LBool(inst&0x1ff != 0)
			if inst>>shiftC&0x1ff != 0 {
				f.Pc++
			}

		case lua.OP_LOADNIL:
			for i := inst >> shiftA & 0xff; i <= inst&0xff; i++ {
				m.window[i&0xff] = lua.LNil
			}

		case lua.OP_GETUPVAL:
			m.window[inst>>shiftA&0xff] = upvalueOf(f.Fn.Upvalues[inst&0x1ff]).get()

		case lua.OP_SETUPVAL:
			upvalueOf(f.Fn.Upvalues[inst&0x1ff]).set(m.window[inst>>shiftA&0xff])

		case lua.OP_GETGLOBAL:
			key := m.constants[bytecode.Bx(inst)]
			name, _ := key.(lua.LString)
			if v, ok := tableOf(f.Fn.Env).strdict[string(name)]; ok {
				m.window[inst>>shiftA&0xff] = v
				continue
			}
			v := m.inherited(f.Fn.Env, key)
			m.window[inst>>shiftA&0xff] = v

		case lua.OP_SETGLOBAL:
			m.setField(f.Fn.Env, m.constants[bytecode.Bx(inst)], m.window[inst>>shiftA&0xff])

		case lua.OP_GETTABLEKS:
			obj, key := m.window[inst&0xff], m.c(inst)
			if t, ok := obj.(*lua.LTable); ok {
				name, _ := key.(lua.LString)
				if v, ok := tableOf(t).strdict[string(name)]; ok {
					m.window[inst>>shiftA&0xff] = v
					continue
				}
				v := m.inherited(t, key)
				m.window[inst>>shiftA&0xff] = v
				continue
			}
			v := m.index(obj, key)
			m.window[inst>>shiftA&0xff] = v

		case lua.OP_GETTABLE:
			obj, key := m.window[inst&0xff], m.c(inst)
			if t, ok := obj.(*lua.LTable); ok {
				if n, ok := key.(lua.LNumber); ok {
					array := tableOf(t).array
					if i := int(n) - 1; uint(i) < uint(len(array)) && lua.LNumber(i+1) == n && !isNil(array[i]) {
						m.window[inst>>shiftA&0xff] = array[i]
						continue
					}
				}
			}
			v := m.index(obj, key)
			m.window[inst>>shiftA&0xff] = v

		case lua.OP_SETTABLEKS:
			m.setField(m.window[inst>>shiftA&0xff], m.b(inst), m.c(inst))

		case lua.OP_SETTABLE:
			obj, key := m.window[inst>>shiftA&0xff], m.b(inst)
			if t, ok := obj.(*lua.LTable); ok {
				if n, ok := key.(lua.LNumber); ok {
					array := tableOf(t).array
					if i := int(n) - 1; uint(i) < uint(len(array)) && lua.LNumber(i+1) == n && !isNil(array[i]) {
						if v := m.c(inst); !isNil(v) {
							array[i] = v
							continue
						}
					}
				}
			}
			m.setIndex(obj, key, m.c(inst))

		case lua.OP_NEWTABLE:
			t := newTable(int(inst&0x1ff), int(inst>>shiftC&0x1ff))
			m.window[inst>>shiftA&0xff] = t

		case lua.OP_SELF:
			m.self(inst)

		case lua.OP_ADD:
			x, y := m.b(inst), m.c(inst)
			if x, ok := x.(lua.LNumber); ok {
				if y, ok := y.(lua.LNumber); ok {
					m.result(inst, float64(x+y))
					continue
				}
			}
			m.arith(inst, x, y)

		case lua.OP_SUB:
			x, y := m.b(inst), m.c(inst)
			if x, ok := x.(lua.LNumber); ok {
				if y, ok := y.(lua.LNumber); ok {
					m.result(inst, float64(x-y))
					continue
				}
			}
			m.arith(inst, x, y)

		case lua.OP_MUL:
			x, y := m.b(inst), m.c(inst)
			if x, ok := x.(lua.LNumber); ok {
				if y, ok := y.(lua.LNumber); ok {
					m.result(inst, float64(x*y))
					continue
				}
			}
			m.arith(inst, x, y)

		case lua.OP_DIV:
			x, y := m.b(inst), m.c(inst)
			if x, ok := x.(lua.LNumber); ok {
				if y, ok := y.(lua.LNumber); ok {
					m.result(inst, float64(x/y))
					continue
				}
			}
			m.arith(inst, x, y)

		case lua.OP_MOD:
			x, y := m.b(inst), m.c(inst)
			if x, ok := x.(lua.LNumber); ok {
				if y, ok := y.(lua.LNumber); ok {
					m.result(inst, modulo(float64(x), float64(y)))
					continue
				}
			}
			m.arith(inst, x, y)

		case lua.OP_POW:
			m.arith(inst, m.b(inst), m.c(inst))

		case lua.OP_UNM:
			v := m.b(inst)
			if x, ok := v.(lua.LNumber); ok {
				m.setNumber(inst, -float64(x))
			} else {
				m.arith(inst, v, v)
			}

		case lua.OP_NOT:
			m.window[inst>>shiftA&0xff] = lua.LBool(isFalse(m.window[inst&0xff]))

		case lua.OP_LEN:
			m.length(inst)

		case lua.OP_CONCAT:
			m.concat(inst)

		case lua.OP_JMP:
			f.Pc += distance(inst)

		case lua.OP_EQ:
			x, y := m.b(inst), m.c(inst)
			if x, ok := x.(lua.LNumber); ok {
				if y, ok := y.(lua.LNumber); ok {
					m.jumpIf(inst, x == y)
					continue
				}
			}
			m.jumpIf(inst, m.equal(x, y))

		case lua.OP_LT:
			x, y := m.b(inst), m.c(inst)
			if x, ok := x.(lua.LNumber); ok {
				if y, ok := y.(lua.LNumber); ok {
					m.jumpIf(inst, x < y)
					continue
				}
			}
			m.jumpIf(inst, m.less(x, y))

		case lua.OP_LE:
			x, y := m.b(inst), m.c(inst)
			if x, ok := x.(lua.LNumber); ok {
				if y, ok := y.(lua.LNumber); ok {
					m.jumpIf(inst, x <= y)
					continue
				}
			}
			m.jumpIf(inst, m.lessOrEqual(x, y))

		case lua.OP_TEST:
			if isFalse(m.window[inst>>shiftA&0xff]) != (inst>>shiftC&0x1ff == 0) {
				f.Pc++
			} else {
				m.jump(f)
			}

		case lua.OP_TESTSET:
			v := m.window[inst&0xff]
			if isFalse(v) != (inst>>shiftC&0x1ff == 0) {
				f.Pc++
			} else {
				m.window[inst>>shiftA&0xff] = v
			}

		case lua.OP_CALL:
			m.call(inst)

		case lua.OP_TAILCALL:
			if m.tailCall(inst, base) {
				return
			}

		case lua.OP_RETURN:
			if m.ret(inst, base) {
				return
			}

		case lua.OP_FORLOOP:
			regs := (*[4]lua.LValue)(m.window[inst>>shiftA&0xff:][:4])
			i, ok1 := regs[0].(lua.LNumber)
			limit, ok2 := regs[1].(lua.LNumber)
			step, ok3 := regs[2].(lua.LNumber)
			if !ok1 || !ok2 || !ok3 {
				m.loopFault(regs)
			}
			i += step
			if step > 0 && i <= limit || step <= 0 && i >= limit {
				m.loop.numbers.set(&regs[0], float64(i))
				regs[3] = regs[0]
				f.Pc += distance(inst)
			}

		case lua.OP_FORPREP:
			m.prepareLoop(inst)
			f.Pc += distance(inst)

		case lua.OP_TFORLOOP:
			m.iterate(inst)

		case lua.OP_SETLIST:
			m.setList(inst)

		case lua.OP_CLOSE:
			m.state.closeUpvalues(f.LocalBase + bytecode.A(inst))

		case lua.OP_CLOSURE:
			m.closure(inst)

		case lua.OP_VARARG:
			m.varargs(inst)
		}
	}
}

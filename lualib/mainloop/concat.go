package mainloop

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
	"avescript/lualib/number"
)

// concat joins the registers B to C of an instruction. As in Lua, it starts at the
// right end, and joins as many strings and numbers at once as there are; the others
// have metamethods.
func (m *machine) concat(inst uint32) {
	first, last := bytecode.B(inst), bytecode.C(inst)
	result := m.window[last&0xff]
	for last > first {
		left := m.window[(last-1)&0xff]
		if !isText(left) || !isText(result) {
			handler := m.metamethod(left, "__concat")
			if isNil(handler) {
				handler = m.metamethod(result, "__concat")
			}
			if isNil(handler) {
				m.cannotConcat(last, left, result)
			}
			result = m.call2(handler, left, result)
			last--
			continue
		}
		start := last - 1
		for start > first && isText(m.window[(start-1)&0xff]) {
			start--
		}
		result = m.join(m.window[start:last], result)
		last = start
	}
	m.set(inst, result)
}

// cannotConcat raises the error for two operands of which the right one is in the
// register at, unless it is the result of a metamethod or of joining others.
func (m *machine) cannotConcat(at int, left, right lua.LValue) {
	if isText(left) {
		m.typeError("concatenate", at, right)
	}
	m.typeError("concatenate", at-1, left)
}

func isText(v lua.LValue) bool {
	switch v.(type) {
	case lua.LString, lua.LNumber:
		return true
	}
	return false
}

func textOf(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return number.Format(float64(v))
	}
	return ""
}

// largeString is the size from which on the owner is asked.
const largeString = 1 << 16

func (m *machine) need(size int) {
	if size >= largeString && m.loop.hooks.Need != nil {
		m.loop.hooks.Need(m.L, size)
	}
}

// join joins strings and numbers.
func (m *machine) join(values []lua.LValue, last lua.LValue) lua.LValue {
	if len(values) == 1 {
		left, right := textOf(values[0]), textOf(last)
		m.need(len(left) + len(right))
		return lua.LString(left + right)
	}
	var few [8]string
	texts := few[:0]
	size := 0
	for _, v := range values {
		text := textOf(v)
		texts = append(texts, text)
		size += len(text)
	}
	end := textOf(last)
	m.need(size + len(end))
	joined := make([]byte, 0, size+len(end))
	for _, text := range texts {
		joined = append(joined, text...)
	}
	return lua.LString(append(joined, end...))
}

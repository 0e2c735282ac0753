package syntax

import (
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// constants are those of a function, each only once.
type constants struct {
	values  []lua.LValue
	strings map[string]int
	numbers map[uint64]int // by their bits, for the sake of 0 and -0
	others  map[lua.LValue]int
}

// emptied returns constants that are none, and keep their memory if it isn't much.
func (c *constants) emptied() constants {
	if len(c.strings)+len(c.numbers) > muchMemory {
		return constants{}
	}
	clear(c.strings)
	clear(c.numbers)
	clear(c.others)
	return constants{c.values, c.strings, c.numbers, c.others}
}

func indexOf[K comparable](fn *function, known *map[K]int, key K, value func() lua.LValue) int {
	if index, ok := (*known)[key]; ok {
		return index
	}
	index := len(fn.values)
	if index > bytecode.MaxIndex {
		fn.parser.exceed("constant table overflow")
	}
	if *known == nil {
		*known = map[K]int{}
	}
	(*known)[key] = index
	fn.values = append(fn.values, value())
	return index
}

func (fn *function) stringIndex(s string) int {
	if index, ok := fn.strings[s]; ok {
		return index
	}
	// It is a copy, because a string that a script keeps should not keep the source.
	s = strings.Clone(s)
	return indexOf(fn, &fn.strings, s, func() lua.LValue { return lua.LString(s) })
}

func (fn *function) numberIndex(n float64) int {
	return indexOf(fn, &fn.numbers, math.Float64bits(n), func() lua.LValue { return lua.LNumber(n) })
}

// otherIndex is for nil, true and false.
func (fn *function) otherIndex(v lua.LValue) int {
	return indexOf(fn, &fn.others, v, func() lua.LValue { return v })
}

// intern returns a copy of a name for debuggers, always the same for the same name.
func (p *parser) intern(name string) string {
	known, ok := p.names[name]
	if !ok {
		known = strings.Clone(name)
		p.names[known] = known
	}
	return known
}

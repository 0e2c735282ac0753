package show

import (
	"cmp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bind"
)

// listLen is how many entries come before the first nil.
func listLen(t *lua.LTable) int {
	n := 0
	for t.RawGetInt(n+1) != lua.LNil {
		n++
	}
	return n
}

// keys are the keys of a table except those of its list of n entries: numbers,
// then strings, each in order, and then the rest.
func keys(t *lua.LTable, n int) []lua.LValue {
	var all []lua.LValue
	for key, _ := t.Next(lua.LNil); key != lua.LNil; key, _ = t.Next(key) {
		number, isNumber := key.(lua.LNumber)
		inList := isNumber && number >= 1 && number <= lua.LNumber(n) && number == lua.LNumber(int(number))
		if !inList && !bind.IsGoKey(key) {
			all = append(all, key)
		}
	}
	slices.SortStableFunc(all, compareKeys)
	return all
}

func compareKeys(a, b lua.LValue) int {
	if rank := keyRank(a) - keyRank(b); rank != 0 {
		return rank
	}
	if x, ok := a.(lua.LNumber); ok {
		return cmp.Compare(x, b.(lua.LNumber))
	}
	return strings.Compare(a.String(), b.String())
}

func keyRank(key lua.LValue) int {
	switch key.Type() {
	case lua.LTNumber:
		return 0
	case lua.LTString:
		return 1
	case lua.LTBool:
		return 2
	}
	return 3
}

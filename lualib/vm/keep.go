package vm

import lua "github.com/yuin/gopher-lua"

// Kept is a value that a package keeps for each interpreter. The interpreter's lock
// guards it.
type Kept[T any] struct {
	index int
	fresh func(L *lua.LState) T
}

// kinds is the number of values that were declared.
var kinds int

// Keep declares a value that each interpreter has separately; fresh makes it on
// first use. Call it only for variables of packages: interpreters that exist
// already do not have the new value.
func Keep[T any](fresh func(L *lua.LState) T) *Kept[T] {
	kinds++
	return &Kept[T]{kinds - 1, fresh}
}

// Of returns the value of the interpreter that L belongs to.
func (k *Kept[T]) Of(L *lua.LState) T {
	if value := threadOf(L).vm.kept[k.index]; value != nil {
		return value.(T)
	}
	value := k.fresh(L)
	k.Set(L, value)
	return value
}

// Set replaces the value of the interpreter that L belongs to.
func (k *Kept[T]) Set(L *lua.LState, value T) { threadOf(L).vm.kept[k.index] = value }

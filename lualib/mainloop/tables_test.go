package mainloop_test

import (
	"reflect"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

// partsOf returns the lengths of the slices in a table.
func partsOf(t *lua.LTable) (array, keys int) {
	fields := reflect.ValueOf(t).Elem()
	return fields.FieldByName("array").Len(), fields.FieldByName("keys").Len()
}

// A table does not become slower and larger with what was removed from it.
func TestRemovedFieldsAreForgotten(t *testing.T) {
	const most = 20
	v := newVM(t, nil)
	for name, source := range map[string]string{
		"a stack":        `for i = 1, 1000 do t[#t + 1] = i end while #t > 0 do t[#t] = nil end`,
		"a list":         `for i = 1, 1000 do t[i] = i end for i = 1, 1000 do t[i] = nil end`,
		"names":          `for i = 1, 1000 do t["k" .. i] = i t["k" .. i - 5] = nil end`,
		"objects":        `for i = 1, 1000 do local key = {} t[key] = i t[key] = nil end`,
		"large numbers":  `for i = 1, 1000 do t[1e10 + i] = i t[1e10 + i - 5] = nil end`,
		"with metatable": `setmetatable(t, {}) for i = 1, 1000 do t["k" .. i] = i t["k" .. i - 5] = nil end`,
	} {
		t.Run(name, func(t *testing.T) {
			err := v.Do(t.Context(), func(L *lua.LState) error {
				table := L.NewTable()
				vm.Of(L).Globals().RawSetString("t", table)
				fn, err := vm.Of(L).Load([]byte(source), "=stdin")
				if err != nil {
					return err
				}
				L.Push(fn)
				L.Call(0, 0)
				if array, keys := partsOf(table); array > most || keys > most {
					t.Errorf("the array has %d elements, and there are %d keys", array, keys)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Package luatest creates interpreters for tests in Go.
package luatest

import (
	"testing"

	"avescript/lualib"
	"avescript/lualib/vm"
)

// New creates an interpreter with all modules. It ends with the test.
func New(t testing.TB) *vm.VM {
	v := lualib.New(vm.Stdio{})
	t.Cleanup(func() {
		v.Finish()
		v.Close()
	})
	return v
}

package repl

import (
	"testing"

	"avescript/lualib/vm"
)

func TestIncomplete(t *testing.T) {
	r := &repl{v: vm.New(vm.Stdio{})}
	for text, want := range map[string]bool{
		"x = ": true, "f(": true, "function f()": true, "{1,": true, "[[a": true, "--[[ a": true,
		"return {": true, "= {": true, "1 +": true, "for i = 1, 2 do": true,
		"1": false, "x = 1": false, "x = = 1": false, "end": false, "": false, "return 1": false,
	} {
		if got := r.incomplete(text); got != want {
			t.Errorf("%q: wanted incomplete to be %v, got %v", text, want, got)
		}
	}
}

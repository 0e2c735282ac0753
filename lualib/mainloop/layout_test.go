package mainloop

import (
	"os"
	"reflect"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// The layouts are checked at start; what the fields mean can only be read in
// gopher-lua's source. See docs/decisions/10-main-loop.md.
func TestGopherLuaIsTheVersionThatTheLoopWasWrittenFor(t *testing.T) {
	const wanted = "\tgithub.com/yuin/gopher-lua v1.1.2\n"
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(module), wanted) {
		t.Errorf("go.mod has no line %q: docs/decisions/10-main-loop.md says what to check before this test is changed", wanted)
	}
}

func growing(t *testing.T) *lua.LState {
	t.Helper()
	L := lua.NewState(lua.Options{MinimizeStackMemory: true})
	t.Cleanup(L.Close)
	return L
}

func TestLayoutsAreGopherLuas(t *testing.T) {
	if err := compareLayouts(growing(t)); err != nil {
		t.Error(err)
	}
}

func TestOtherLayoutsAreNoticed(t *testing.T) {
	fixed := lua.NewState()
	defer fixed.Close()
	if err := compareLayouts(fixed); err == nil {
		t.Error("a call stack of a fixed size was taken for a growing one")
	}
	original := reflect.TypeFor[struct {
		first  int
		second []int
		third  bool
	}]()
	for name, ours := range map[string]reflect.Type{
		"name":  reflect.TypeFor[struct{ first, other int }](),
		"size":  reflect.TypeFor[struct{ first int32 }](),
		"kind":  reflect.TypeFor[struct{ first uint }](),
		"place": reflect.TypeFor[struct{ second []int }](),
		"length": reflect.TypeFor[struct {
			first  int
			second []int
			third  bool
			fourth int
		}](),
	} {
		if err := compare(ours, original, true); err == nil || !strings.Contains(err.Error(), "main loop") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := compare(reflect.TypeFor[struct{ first int }](), original, false); err == nil {
		t.Error("a shorter type was taken for the same")
	}
}

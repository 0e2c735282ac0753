package stdlib

import (
	"reflect"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestTablePartsAreGopherLuas(t *testing.T) {
	theirs, ours := reflect.TypeFor[lua.LTable](), reflect.TypeFor[tableParts]()
	if theirs.NumField() != ours.NumField() {
		t.Fatalf("LTable has %d fields, tableParts %d", theirs.NumField(), ours.NumField())
	}
	for i := range ours.NumField() {
		a, b := theirs.Field(i), ours.Field(i)
		if a.Type != b.Type || a.Offset != b.Offset || a.Name != b.Name && i > 0 {
			t.Errorf("field %d is %s %s at %d, in tableParts %s %s at %d", i, a.Name, a.Type, a.Offset, b.Name, b.Type, b.Offset)
		}
	}
}

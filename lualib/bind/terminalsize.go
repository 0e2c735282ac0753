package bind

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/pty"
)

// TerminalSize is a table with cols and rows; both are optional.
type TerminalSize pty.Size

func (s *TerminalSize) UnpackLua(L *lua.LState, v lua.LValue) error {
	given := struct {
		Cols int `lua:"cols"`
		Rows int `lua:"rows"`
	}{pty.DefaultSize.Cols, pty.DefaultSize.Rows}
	if err := Unpack(L, v, &given); err != nil {
		return err
	}
	if min(given.Cols, given.Rows) < 1 || max(given.Cols, given.Rows) > math.MaxUint16 {
		return fmt.Errorf("wanted 1 to %d cols and rows, got %d cols and %d rows", math.MaxUint16, given.Cols, given.Rows)
	}
	*s = TerminalSize{given.Cols, given.Rows}
	return nil
}

package vm

import (
	"context"
	"errors"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// What a script has set ends with it, so that the next one is not slower.
func TestHooksEndWithTheirCode(t *testing.T) {
	stop := errors.New("stop")
	for name, source := range map[string]string{
		"return":    `debug.sethook(function() end, "l")`,
		"error":     `debug.sethook(function() end, "l") error("x")`,
		"interrupt": `debug.sethook(function() end, "l") stop() while true do end`,
	} {
		for _, keep := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				v := New(Stdio{})
				defer v.Close()
				v.KeepStacks = keep
				ctx, cancel := context.WithCancelCause(t.Context())
				_ = v.Do(ctx, func(L *lua.LState) error {
					v.Globals().RawSetString("stop", L.NewFunction(func(*lua.LState) int { cancel(stop); return 0 }))
					fn, err := v.Load([]byte(source), "test.lua")
					if err != nil {
						return err
					}
					L.Push(fn)
					L.Call(0, 0)
					return nil
				})
				if v.hooks != 0 || v.attention.Load() != 0 {
					t.Errorf("%d hooks and %d reasons for attention are left", v.hooks, v.attention.Load())
				}
			})
		}
	}
}

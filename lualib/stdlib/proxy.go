package stdlib

import (
	"slices"
	"weak"

	lua "github.com/yuin/gopher-lua"
)

// This file has newproxy, and the finalizers of the userdata that it makes. Go's
// collector only tells that a userdata is gone. Its finalizer gets a new one with the
// same metatable and environment, and nobody is left who could see that it is another.
//
// A finalizer is not called if it, or the metatable, refers to its own userdata: what
// will be needed to call it then keeps the userdata alive.

// proxy is a userdata that may have a finalizer.
type proxy struct {
	userdata  weak.Pointer[lua.LUserData]
	metatable *lua.LTable
	env       *lua.LTable
}

// newProxy is newproxy([true or proxy]).
func (lib *library) newProxy(a args) int {
	meta, ok := lib.proxyMetatable(a)
	ud := a.L.NewUserData()
	if ok {
		ud.Metatable = meta
		lib.proxies = append(lib.proxies, proxy{weak.Make(ud), meta, ud.Env})
	}
	a.L.Push(ud)
	return 1
}

// proxyMetatable returns the metatable for a new proxy; ok is false if it has none.
func (lib *library) proxyMetatable(a args) (meta *lua.LTable, ok bool) {
	switch v := a.L.Get(1).(type) {
	case *lua.LNilType:
		return nil, false
	case lua.LBool:
		if !v {
			return nil, false
		}
		meta := a.L.NewTable()
		lib.proxyMetatables[weak.Make(meta)] = struct{}{}
		return meta, true
	case *lua.LUserData:
		if meta, ok := v.Metatable.(*lua.LTable); ok {
			if _, known := lib.proxyMetatables[weak.Make(meta)]; known {
				return meta, true
			}
		}
	}
	a.reject(1, "boolean or proxy expected")
	return nil, false
}

// finalize calls the finalizers of proxies that are gone, the latest first.
func (lib *library) finalize(L *lua.LState) {
	var gone []proxy
	lib.proxies = slices.DeleteFunc(lib.proxies, func(p proxy) bool {
		if p.userdata.Value() != nil {
			return false
		}
		gone = append(gone, p)
		return true
	})
	for key := range lib.proxyMetatables {
		if key.Value() == nil {
			delete(lib.proxyMetatables, key)
		}
	}
	for i := len(gone) - 1; i >= 0; i-- {
		gone[i].finalize(L, &lua.LUserData{Metatable: gone[i].metatable, Env: gone[i].env})
	}
}

// finalize calls the finalizer, if there is one.
func (p proxy) finalize(L *lua.LState, ud *lua.LUserData) {
	if finalizer, ok := p.metatable.RawGetString("__gc").(*lua.LFunction); ok {
		L.Push(finalizer)
		L.Push(ud)
		L.Call(1, 0)
	}
}

// finalizeAll calls the finalizers of all proxies when the script has ended. Errors have
// nobody to go to, and what finalizers make is not finalized.
func (lib *library) finalizeAll(L *lua.LState) {
	for _, p := range slices.Backward(lib.proxies) {
		ud := p.userdata.Value()
		if ud == nil {
			ud = &lua.LUserData{Metatable: p.metatable, Env: p.env}
		}
		lib.host.Try(L, func(L *lua.LState) { p.finalize(L, ud) })
	}
	lib.proxies = nil
}

package stdlib

import (
	lua "github.com/yuin/gopher-lua"

	"avescript/core/collector"
)

// This file has collectgarbage. Memory is Go's, which collects it on its own, for all
// interpreters together.

func (lib *library) collectGarbage(a args) int {
	option := a.option(1, "collect", "stop", "restart", "collect", "count", "step", "setpause", "setstepmul")
	value := a.integerOr(2, 0)
	switch option {
	case "collect":
		lib.collect(a.L)
	case "stop":
		lib.stop()
	case "restart":
		lib.restart()
	case "step":
		return a.pushBool(lib.step(a.L, value))
	case "count":
		return a.pushNumber(heapBytes() / 1024)
	case "setpause":
		a.pushNumber(float64(lib.gcPause))
		lib.gcPause = value
		return 1
	case "setstepmul":
		a.pushNumber(float64(lib.gcStepMul))
		lib.gcStepMul = value
		return 1
	}
	return a.pushNumber(0)
}

// collect collects everything that the script cannot reach, and calls finalizers.
func (lib *library) collect(L *lua.LState) {
	lib.stepsLeft = 0
	lib.restart() // as in Lua 5.1
	lib.host.Forget(L)
	lib.weak.collect()
	lib.finalize(L)
}

// stop stops Go's collector, until restart, the next collection or the script's end.
func (lib *library) stop() {
	if !lib.stopped {
		lib.stopped = true
		collector.Stop()
	}
}

func (lib *library) restart() {
	if lib.stopped {
		lib.stopped = false
		collector.Resume()
	}
}

// step is a step of a collection, of about so many KB, and reports whether it was the
// last. Go cannot collect in steps: they are counted, and the last one collects.
func (lib *library) step(L *lua.LState, kilobytes int) bool {
	const unit = 1024 // the least that a step of Lua 5.1 does
	if lib.stepsLeft <= 0 {
		lib.stepsLeft = heapBytes()
	}
	lib.stepsLeft -= float64(max(kilobytes, 0)+1) * unit * float64(max(lib.gcStepMul, 1)) / 100
	if lib.stepsLeft > 0 {
		return false
	}
	lib.collect(L)
	return true
}

func baseGCInfo(a args) int { return a.pushNumber(float64(int(heapBytes()) / 1024)) }

// heapBytes returns the size of the objects on Go's heap, which all states share.
func heapBytes() float64 { return float64(collector.HeapBytes()) }

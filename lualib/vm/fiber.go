package vm

import "iter"

// fiber is a goroutine that runs coroutines, one after the other. It only runs while
// another goroutine waits in run.
type fiber struct {
	co    *coroutine // what it runs
	ended bool       // co has ended

	next  func() (struct{}, bool) // switches to the goroutine
	stop  func()                  // ends it
	yield func(struct{}) bool     // switches back
}

// idleFibers is how many fibers an interpreter keeps for the next coroutines.
const idleFibers = 16

func (vm *VM) takeFiber(co *coroutine) *fiber {
	var f *fiber
	if last := len(vm.fibers) - 1; last >= 0 {
		f, vm.fibers[last], vm.fibers = vm.fibers[last], nil, vm.fibers[:last]
	} else {
		f = &fiber{}
		f.next, f.stop = iter.Pull(f.serve)
	}
	f.co, f.ended = co, false
	return f
}

// freeFiber takes a fiber back whose coroutine has ended.
func (vm *VM) freeFiber(f *fiber) {
	f.co = nil
	if len(vm.fibers) < idleFibers {
		vm.fibers = append(vm.fibers, f)
	} else {
		f.stop()
	}
}

// stopFibers ends the fibers that run nothing.
func (vm *VM) stopFibers() {
	for _, f := range vm.fibers {
		f.stop()
	}
	vm.fibers = nil
}

func (f *fiber) serve(yield func(struct{}) bool) {
	f.yield = yield
	for {
		f.co.run()
		f.ended = true
		if !yield(struct{}{}) {
			return
		}
	}
}

// run goes on with the coroutine until it yields or ends.
func (f *fiber) run() (ended bool) {
	f.next()
	return f.ended
}

// leave switches back to the goroutine that called run, until that calls it again.
func (f *fiber) leave() { f.yield(struct{}{}) }

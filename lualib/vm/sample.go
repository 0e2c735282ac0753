package vm

import (
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/bytecode"
)

// Samples stacks, for profiles. A ticker asks for a sample; the running code takes
// it itself, between two instructions. If all code is waiting, the ticker takes the
// lock and does it.

// Sample is the time that was spent with a stack.
type Sample struct {
	Stack   []Frame // innermost call first, across coroutines to the code that resumed them
	Running bool    // false if it was waiting in the innermost call, a Go function
	Elapsed time.Duration
}

// deepest limits the calls in a sample.
const deepest = 256

// sampling is used under the lock, except due.
type sampling struct {
	record func([]Sample)
	last   time.Time   // the time until then was sampled
	due    atomic.Bool // the running code should take a sample
}

// Sample calls record with the stacks of all threads, about once in each period.
// record is called under the lock, and must be quick. Sample must not be called
// twice. Stop may be called once, without the lock.
func (vm *VM) Sample(period time.Duration, record func([]Sample)) (stop func()) {
	s := &sampling{record: record, last: time.Now()}
	vm.sampling = s
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(period)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				vm.tick()
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// tick takes a sample, or asks the holder of the lock for one.
func (vm *VM) tick() {
	if !vm.mu.TryLock() {
		if !vm.sampling.due.Swap(true) {
			vm.attention.Add(1)
		}
		return
	}
	defer vm.mu.Unlock()
	if vm.sampling.due.Swap(false) {
		vm.attention.Add(-1)
	}
	vm.sample(nil)
}

// sampleIfDue takes the sample that the ticker has asked for.
func (t *thread) sampleIfDue() {
	if s := t.vm.sampling; s != nil && s.due.Swap(false) {
		t.vm.attention.Add(-1)
		t.vm.sample(t)
	}
}

// sample records the stack of the running thread, if there is one, and of those
// that wait.
func (vm *VM) sample(running *thread) {
	s, now := vm.sampling, time.Now()
	elapsed := now.Sub(s.last)
	s.last = now
	var samples []Sample
	if running != nil {
		samples = append(samples, Sample{running.executed(), true, elapsed})
	}
	for t := range vm.waiting {
		samples = append(samples, Sample{t.wholeStack(), false, elapsed})
	}
	s.record(samples)
}

// wholeStack returns the stack of a thread, and of the threads that called or
// resumed it.
func (t *thread) wholeStack() (stack []Frame) {
	for ; t != nil; t = t.bottom().parent {
		for a := range t.activations() {
			if len(stack) == deepest {
				return stack
			}
			stack = append(stack, a.describe(t.vm))
		}
	}
	return stack
}

// bottom returns the lowest thread of the same coroutine.
func (t *thread) bottom() *thread {
	for t.parent != nil && t.parent.co == t.co {
		t = t.parent
	}
	return t
}

// executed returns the stack at the last executed instruction, because the time was
// spent there; the hook is called before the next one. The difference matters after
// Go functions, which may take long.
func (t *thread) executed() []Frame {
	stack, frame := t.wholeStack(), currentFrame(t.L)
	if frame == nil || frame.fn.Proto == nil {
		return stack
	}
	proto, pc := frame.fn.Proto, frame.pc-1
	switch {
	case pc == 0 && len(stack) > 1 && bytecode.Op(proto.Code[0]) != lua.OP_JMP:
		// It was just called, for instance by require. A jump may be an endless loop.
		return stack[1:]
	case pc > 0 && isCall(proto.Code[pc-1]):
		stack[0].Line = proto.DbgSourcePositions[pc-1]
	}
	return stack
}

func isCall(inst uint32) bool {
	op := bytecode.Op(inst)
	return op == lua.OP_CALL || op == lua.OP_TFORLOOP
}

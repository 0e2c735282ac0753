package terminal

import (
	"bytes"
	"sync"
	"time"
)

const (
	// ahead is how much output is stored before somebody takes it. Then the program has
	// to wait, as if its terminal was stopped with Ctrl-S.
	ahead = 16 << 20

	// historySize is how much output is kept for a screen that may be needed later.
	historySize = 256 << 10
)

// output is what a program has written and nobody has taken yet.
//
// Bytes in data never change, so slices of it can be used without the lock.
type output struct {
	mu      sync.Mutex
	room    *sync.Cond // for the reader, if it has to wait
	data    []byte
	keep    int // Options.Keep
	waiting int // how many wait for more output
	typing  int // how many type or are about to; these may need the program's output
	last    time.Time
	dropped int
	ended   bool // there will be no more output; status and err are valid
	status  int
	err     error

	// history is the end of all output, taken or not.
	history []byte

	// changed is closed, and replaced, when something has changed.
	changed chan struct{}
}

func newOutput(keep int) *output {
	o := &output{keep: keep, last: time.Now(), changed: make(chan struct{})}
	o.room = sync.NewCond(&o.mu)
	return o
}

// add adds output.
func (o *output) add(p []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.data = appendDoubling(o.data, p)
	o.last = time.Now()
	if len(o.history)+len(p) > 2*historySize {
		kept := copy(o.history, o.history[max(len(o.history)-historySize, 0):])
		o.history = o.history[:kept]
	}
	o.history = append(o.history, p...)
	o.notify()
}

// appendDoubling grows a large slice by more than append does. Append would move the
// data so often that it takes as long as reading.
func appendDoubling(data, p []byte) []byte {
	if need := len(data) + len(p); need > cap(data) {
		grown := make([]byte, len(data), max(2*need, 4096))
		copy(grown, data)
		data = grown
	}
	return append(data, p...)
}

// notify makes all who wait look again. The lock is held.
func (o *output) notify() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// awaitRoom waits while too much output is stored, or until the program has ended or is
// being ended.
func (o *output) awaitRoom(ending <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.isFull() && !isClosed(ending) {
		o.room.Wait()
	}
}

// isFull reports whether too much output is stored. A caller that waits for output
// drops what exceeds twice the amount to keep.
func (o *output) isFull() bool {
	switch {
	case o.typing > 0:
		return false
	case o.waiting > 0:
		return o.keep > 0 && len(o.data) > 2*o.keep
	case o.keep > 0:
		return len(o.data) >= min(o.keep, ahead)
	}
	return len(o.data) >= ahead
}

// wake makes the reader and all who wait look again.
func (o *output) wake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.room.Broadcast()
	o.notify()
}

// want keeps the reader reading while somebody waits for output or types, until done is
// called.
func (o *output) want(who *int) (done func()) {
	count := func(by int) {
		o.mu.Lock()
		defer o.mu.Unlock()
		*who += by
		o.room.Broadcast()
	}
	count(1)
	return func() { count(-1) }
}

// end is called when everything is read and the program is reaped.
func (o *output) end(status int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended, o.status, o.err = true, status, err
	o.notify()
}

// view is the output at some moment.
type view struct {
	text    []byte
	last    time.Time // when the last of it arrived
	dropped int
	ended   bool
	changed <-chan struct{} // closed when the view is out of date
}

func (o *output) view() view {
	o.mu.Lock()
	defer o.mu.Unlock()
	return view{o.data, o.last, o.dropped, o.ended, o.changed}
}

// result is the exit status of the program.
func (o *output) result() (status int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.status, o.err
}

// past is the end of everything that the program has written.
func (o *output) past() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.history)
}

// drop removes output that nobody gets.
func (o *output) drop(n int) {
	o.take(n)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dropped += n
}

// take removes the first n bytes.
func (o *output) take(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.data = o.data[n:]
	if len(o.data) == 0 && cap(o.data) > ahead {
		o.data = nil
	}
	o.room.Broadcast()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

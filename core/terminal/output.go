package terminal

import (
	"bytes"
	"sync"
	"time"
)

const (
	// ahead is how much a program may write that nobody waits for. Then it has
	// to wait itself, as at a terminal that was stopped with Ctrl-S.
	ahead = 16 << 20

	// historySize is how much is kept for a screen that is wanted later.
	historySize = 256 << 10
)

// output is what a program has written and nobody has taken yet.
//
// Bytes in data are never changed, so a slice of it stays true without the lock.
type output struct {
	mu      sync.Mutex
	room    *sync.Cond // for a reader that is too far ahead
	data    []byte
	keep    int // Options.Keep
	waiting int // how many wait for more
	typing  int // how many type or are about to, which may take all that the program writes
	last    time.Time
	dropped int
	ended   bool // there will be no more; then status and err are known
	status  int
	err     error

	// history is the end of all that ever came.
	history []byte

	// changed is closed, and another one made, when something has changed.
	changed chan struct{}
}

func newOutput(keep int) *output {
	o := &output{keep: keep, last: time.Now(), changed: make(chan struct{})}
	o.room = sync.NewCond(&o.mu)
	return o
}

// add takes what was read.
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

// appendDoubling grows a large slice by more than append does, which moves it
// so often that it takes as long as reading.
func appendDoubling(data, p []byte) []byte {
	if need := len(data) + len(p); need > cap(data) {
		grown := make([]byte, len(data), max(2*need, 4096))
		copy(grown, data)
		data = grown
	}
	return append(data, p...)
}

// notify has all who wait look again. The lock is held.
func (o *output) notify() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// awaitRoom waits while the reader is too far ahead, or until the program has
// ended or is being ended.
func (o *output) awaitRoom(ending <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.isFull() && !isClosed(ending) {
		o.room.Wait()
	}
}

// isFull reports whether the reader is too far ahead. Who waits for output drops
// what is more than twice what is to be kept.
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

// wake has the reader and all who wait look again.
func (o *output) wake() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.room.Broadcast()
	o.notify()
}

// want has the reader read on because somebody waits for output, or types, until
// done is called.
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

// end is called when all is read and the program is reaped.
func (o *output) end(status int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended, o.status, o.err = true, status, err
	o.notify()
}

// view is the output at one moment.
type view struct {
	text    []byte
	last    time.Time // when the last of it came
	dropped int
	ended   bool
	changed <-chan struct{} // closed when it is out of date
}

func (o *output) view() view {
	o.mu.Lock()
	defer o.mu.Unlock()
	return view{o.data, o.last, o.dropped, o.ended, o.changed}
}

// result is the program's status.
func (o *output) result() (status int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.status, o.err
}

// past is the end of what the program has written, taken or not.
func (o *output) past() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.history)
}

// drop is take for what nobody gets.
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

package workers

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/harness"
)

// Link is the worker's end of what joins it to its parent.
type Link struct {
	socket   *os.File
	bell     int // its descriptor
	journal  int // a descriptor
	jobs     chan Job
	question question
	output   output

	mu   sync.Mutex
	rung bool // the parent will be told of what is new in the journal
}

// firstFD is where a worker has its own descriptors: out of the way of tests that
// close the first ones, or write to them.
const firstFD = 100

// Connect takes up the link that this process was started with, and reads the
// setup into what setup points to. When the run is to end, stopped is called with
// the reason, and when the parent has gone, orphaned.
func Connect(setup any, stopped func(why string), orphaned func()) (*Link, error) {
	l := &Link{jobs: make(chan Job)}
	if err := l.takeUp(); err != nil {
		return nil, fmt.Errorf("wanted a socket to the parent at descriptor %d, and a journal at %d: %w", linkFD, journalFD, err)
	}
	decoder := json.NewDecoder(l.socket)
	var first order
	if err := errors.Join(decoder.Decode(&first), json.Unmarshal(first.Setup, setup)); err != nil {
		return nil, fmt.Errorf("setup of a worker: %w", err)
	}
	go l.read(decoder, stopped, orphaned)
	return l, nil
}

// takeUp moves what the worker has of its parent away from where tests may get at it
// by mistake. What they find there instead is harmless: left free, the numbers would
// be the runtime's.
func (l *Link) takeUp() (err error) {
	if _, err := unix.GetsockoptInt(linkFD, unix.SOL_SOCKET, unix.SO_TYPE); err != nil {
		return err
	}
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(null)
	above := firstFD
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		above = int(min(firstFD, limit.Cur/2))
	}
	for _, move := range []struct {
		from int
		to   *int
	}{{linkFD, &l.bell}, {journalFD, &l.journal}} {
		if *move.to, err = unix.FcntlInt(uintptr(move.from), unix.F_DUPFD_CLOEXEC, above); err != nil {
			return err
		}
		if err := unix.Dup3(null, move.from, unix.O_CLOEXEC); err != nil {
			return err
		}
	}
	if l.output.fd, err = unix.FcntlInt(uintptr(syscall.Stdout), unix.F_DUPFD_CLOEXEC, above); err != nil {
		return err
	}
	err = unix.SetNonblock(l.bell, true)
	l.socket = os.NewFile(uintptr(l.bell), "link")
	return err
}

func (l *Link) read(decoder *json.Decoder, stopped func(why string), orphaned func()) {
	for {
		var next order
		if decoder.Decode(&next) != nil {
			close(l.jobs)
			orphaned()
			return
		}
		switch {
		case next.Answer != nil:
			l.question.answered(*next.Answer)
		case next.Job != nil:
			l.jobs <- *next.Job
		case next.Ping:
			l.say(word{}, true)
		case next.Stop != "":
			stopped(next.Stop)
		}
	}
}

// Jobs are the files to run. The channel is closed when there are no more.
func (l *Link) Jobs() <-chan Job { return l.jobs }

// Report sends an event, with what was written to the standard streams since
// the last one that tells how something ended.
func (l *Link) Report(e harness.Event) {
	switch e.Kind {
	case harness.TestStarted, harness.TestListed:
	case harness.TestFinished, harness.BlockFailed:
		e.Output += l.output.since()
	default:
		return // the parent says when a file and the run begin and end
	}
	l.say(word{Event: &e, Told: l.output.told.Load()}, false)
}

// Enter says in which block the worker is, which is not to be tried again if it
// dies there.
func (l *Link) Enter(block harness.Event) {
	l.say(word{Block: &block, Told: l.output.told.Load()}, false)
}

// Keep tells of an artifact of the test that is running, in case that it is the
// worker's last one. Otherwise the event that ends the test has it.
func (l *Link) Keep(a harness.Artifact) { l.say(word{Kept: &a, Told: l.output.told.Load()}, false) }

// Done says that the job is done.
func (l *Link) Done() {
	l.output.forget()
	l.say(word{Done: true, Told: l.output.told.Load()}, true)
}

// Gone says that the process will end, and that the parent need not wonder.
func (l *Link) Gone() { l.say(word{Gone: true}, true) }

// Tell tells the parent something that is not answered.
func (l *Link) Tell(a Ask) { l.say(word{Ask: &a}, true) }

// delay is how long the parent may not know of something that is not urgent. To
// be woken for every event would cost it more than all the rest.
const delay = 5 * time.Millisecond

// statusMute is what a worker exits with that cannot say anything: a test has closed
// its descriptors.
const statusMute = 1

// say writes to the journal, and rings the bell, now or soon.
func (l *Link) say(w word, now bool) {
	line, err := json.Marshal(w)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	line = append(line, '\n')
	if n, err := unix.Write(l.journal, line); n < len(line) {
		fmt.Fprintln(os.Stderr, "cannot tell the parent process anything any more:", err)
		os.Exit(statusMute)
	}
	switch {
	case now:
		l.ring()
	case !l.rung:
		l.rung = true
		time.AfterFunc(delay, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.ring()
		})
	}
}

// ring wakes the parent. If it has gone, orphaned is called; if it has not read the
// bells before, one more says nothing new.
func (l *Link) ring() {
	l.rung = false
	_, _ = unix.Write(l.bell, []byte{bell})
}

// output is what a worker and its children write: a file that stands for the
// streams 1 and 2.
type output struct {
	fd   int
	told atomic.Int64
}

const (
	mostOutput = 1 << 20 // bytes of an event's output
	// largest is how much the file may hold between two files of tests. It is
	// emptied then, as it lies in memory.
	largest = 16 << 20
)

// since reads what is new, and the beginning of it if it is very much.
func (o *output) since() string {
	var stat unix.Stat_t
	if unix.Fstat(o.fd, &stat) != nil || stat.Size <= o.told.Load() {
		return ""
	}
	return readOutput(o.fd, o.told.Swap(stat.Size), stat.Size)
}

// forget begins anew for another file of tests. Streams that tests have closed are
// opened again.
func (o *output) forget() {
	for _, stream := range []int{syscall.Stdout, syscall.Stderr} {
		if _, err := unix.FcntlInt(uintptr(stream), unix.F_GETFD, 0); errors.Is(err, unix.EBADF) {
			_ = unix.Dup3(o.fd, stream, 0)
		}
	}
	var stat unix.Stat_t
	if unix.Fstat(o.fd, &stat) == nil && stat.Size > largest && unix.Ftruncate(o.fd, 0) == nil {
		o.told.Store(0)
	}
}

func readOutput(fd int, from, to int64) string {
	buffer := make([]byte, min(to-from, mostOutput))
	n, _ := unix.Pread(fd, buffer, from)
	text := string(buffer[:max(n, 0)])
	if left := to - from - int64(len(text)); left > 0 {
		text += fmt.Sprintf("\n(%d more bytes)\n", left)
	}
	return text
}

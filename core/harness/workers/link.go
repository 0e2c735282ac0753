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
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"avescript/core/harness"
)

// Link is the worker's end of the connection to its parent.
type Link struct {
	socket   *os.File
	bell     int // its descriptor
	journal  int // a descriptor
	jobs     chan Job
	gone     chan struct{} // closed when the parent has ended
	question question
	output   output
	clock    harness.Clock
	goOn     func() // has the clock run again, for the parent
	terminal int    // a descriptor, 0 if there is none

	mu        sync.Mutex
	stopwatch harness.Stopwatch
	rung      bool // the parent will be told that the journal has news
}

// firstFD is the first of the worker's own descriptors. Tests may close or write to the
// lower ones by mistake.
const firstFD = 100

// Connect uses the link that this process was started with, and reads the setup into
// what setup points to. It calls stopped with the reason when the run is to end, and
// orphaned when the parent has ended.
func Connect(setup any, stopped func(*End), orphaned func()) (*Link, error) {
	l := &Link{jobs: make(chan Job), gone: make(chan struct{})}
	if err := l.takeUp(); err != nil {
		return nil, fmt.Errorf("wanted a socket to the parent at descriptor %d, and a journal at %d: %w", linkFD, journalFD, err)
	}
	decoder := json.NewDecoder(l.socket)
	var first order
	if err := errors.Join(decoder.Decode(&first), json.Unmarshal(first.Setup, setup)); err != nil {
		return nil, fmt.Errorf("setup of a worker: %w", err)
	}
	if first.Lends {
		var err error
		if l.terminal, err = moved(terminalFD); err != nil {
			return nil, fmt.Errorf("terminal of a worker at descriptor %d: %w", terminalFD, err)
		}
	}
	l.stopwatch.Clock = &l.clock
	go l.read(decoder, stopped, orphaned)
	return l, nil
}

// takeUp moves the descriptors of the link to high numbers, where tests cannot use them
// by mistake. It puts harmless descriptors in their place: otherwise the runtime would
// use these numbers.
func (l *Link) takeUp() (err error) {
	if _, err := unix.GetsockoptInt(linkFD, unix.SOL_SOCKET, unix.SO_TYPE); err != nil {
		return err
	}
	if l.bell, err = moved(linkFD); err == nil {
		l.journal, err = moved(journalFD)
	}
	if err != nil {
		return err
	}
	if l.output.fd, err = above(syscall.Stdout); err != nil {
		return err
	}
	err = unix.SetNonblock(l.bell, true)
	l.socket = os.NewFile(uintptr(l.bell), "link")
	return err
}

// moved moves a descriptor out of the way.
func moved(from int) (to int, err error) {
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(null)
	if to, err = above(from); err != nil {
		return 0, err
	}
	return to, unix.Dup3(null, from, unix.O_CLOEXEC)
}

// above duplicates a descriptor out of the way.
func above(fd int) (int, error) {
	first := firstFD
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		first = int(min(firstFD, limit.Cur/2))
	}
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, first)
}

// Clock is that of the limits of time.
func (l *Link) Clock() *harness.Clock { return &l.clock }

// Terminal opens the terminal, which has to be asked for by [Hold].
func (l *Link) Terminal() (*os.File, error) {
	return os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", l.terminal), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
}

func (l *Link) read(decoder *json.Decoder, stopped func(*End), orphaned func()) {
	for {
		var next order
		if decoder.Decode(&next) != nil {
			close(l.jobs)
			close(l.gone)
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
		case next.Still != nil:
			l.standStill(*next.Still)
		case next.Stop != nil:
			stopped(next.Stop)
		}
	}
}

func (l *Link) standStill(still bool) {
	switch {
	case still && l.goOn == nil:
		l.goOn = l.clock.Stop()
	case !still && l.goOn != nil:
		l.goOn()
		l.goOn = nil
	}
}

// Jobs returns the files to run. The channel is closed after the last one.
func (l *Link) Jobs() <-chan Job { return l.jobs }

// Report sends what happens in a file, with its time and with everything that was
// written to the standard streams since the last result. It leaves out the beginning
// and the end of files and of the run, which the parent reports itself.
func (l *Link) Report(e harness.Event) {
	l.mu.Lock()
	e = l.stopwatch.Time(e)
	l.mu.Unlock()
	if e.Kind == harness.TestFinished || e.Kind == harness.BlockFailed {
		e.Output += harness.Text(l.output.since())
	}
	l.say(word{Event: &e, Told: l.output.told.Load()}, false)
}

// Enter says which block the worker runs. If the worker dies there, the block is not
// tried again.
func (l *Link) Enter(block harness.Event) {
	l.say(word{Block: &block, Told: l.output.told.Load()}, false)
}

// Keep reports an artifact of the running test, in case the worker dies. Otherwise the
// artifact is part of the event that ends the test.
func (l *Link) Keep(a harness.Artifact) { l.say(word{Kept: &a, Told: l.output.told.Load()}, false) }

// Done says that the job is done.
func (l *Link) Done() {
	l.output.forget()
	l.say(word{Done: true, Told: l.output.told.Load()}, true)
}

// Gone says that the process is about to end, and that this is not a failure.
func (l *Link) Gone() { l.say(word{Gone: true}, true) }

// Tell sends the parent something that has no answer.
func (l *Link) Tell(a Ask) { l.say(word{Ask: &a}, true) }

// delay is how long news that are not urgent may wait. Waking the parent for every
// event would cost it more than all other work.
const delay = 5 * time.Millisecond

// statusMute is the exit status of a worker that cannot report anything, because a test
// has closed its descriptors.
const statusMute = 1

// say writes to the journal, and rings the bell now or soon.
func (l *Link) say(w word, now bool) {
	line, err := json.Marshal(w)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	line = append(line, '\n')
	if n, err := unix.Write(l.journal, line); n < len(line) {
		fmt.Fprintln(os.Stderr, "cannot report to the parent process:", err)
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

// ring wakes the parent. If the parent has ended, it calls orphaned. If the socket is
// full of unread bells, another one is not needed.
func (l *Link) ring() {
	l.rung = false
	_, _ = unix.Write(l.bell, []byte{bell})
}

// output is what a worker and its children write: a file in the place of the streams 1
// and 2.
type output struct {
	fd   int
	told atomic.Int64
}

const (
	// An output that is longer than both together is cut: its beginning and its end are
	// kept.
	headOutput = 256 << 10 // bytes
	tailOutput = 768 << 10
	mostOutput = headOutput + tailOutput
	// largest is the limit for the file between two test files. If it is larger, it is
	// emptied, because it occupies memory.
	largest = 16 << 20
)

// since reads what is new. Of a very long output it returns the beginning and the end.
func (o *output) since() string {
	var stat unix.Stat_t
	if unix.Fstat(o.fd, &stat) != nil || stat.Size <= o.told.Load() {
		return ""
	}
	return readOutput(o.fd, o.told.Swap(stat.Size), stat.Size)
}

// forget starts again for the next test file. Streams that tests have closed are opened
// again.
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
	read := func(from, to int64) string {
		buffer := make([]byte, to-from)
		n, _ := unix.Pread(fd, buffer, from)
		return string(buffer[:max(n, 0)])
	}
	if to-from <= mostOutput {
		return read(from, to)
	}
	head, tail := read(from, from+headOutput), read(to-tailOutput, to)
	if last := harness.Boundary(head, max(len(head)-1, 0)); !utf8.FullRuneInString(head[last:]) {
		head = head[:last]
	}
	for range utf8.UTFMax - 1 {
		if len(tail) > 0 && !utf8.RuneStart(tail[0]) {
			tail = tail[1:]
		}
	}
	return head + harness.LeftOut(int(to-from)-len(head)-len(tail)) + tail
}

package workers

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"avescript/core/harness"
)

// Link is the worker's end of the socket to its parent.
type Link struct {
	file    *os.File
	jobs    chan Job
	answers chan Answer
	output  output

	mu      sync.Mutex
	writer  *bufio.Writer
	encoder *json.Encoder
	asking  sync.Mutex // one question at a time
}

// Connect takes up the link that this process was started with, and reads the
// setup into what setup points to. When the parent has gone, orphaned is
// called.
func Connect(setup any, orphaned func()) (*Link, error) {
	unix.CloseOnExec(linkFD)
	if err := unix.SetNonblock(linkFD, true); err != nil {
		return nil, fmt.Errorf("wanted a socket to the parent at descriptor %d: %w", linkFD, err)
	}
	file := os.NewFile(linkFD, "link")
	decoder := json.NewDecoder(file)
	var first order
	if err := errors.Join(decoder.Decode(&first), json.Unmarshal(first.Setup, setup)); err != nil {
		return nil, fmt.Errorf("setup of a worker: %w", err)
	}
	l := &Link{file: file, jobs: make(chan Job), answers: make(chan Answer, 1), writer: bufio.NewWriter(file)}
	l.encoder = json.NewEncoder(l.writer)
	l.encoder.SetEscapeHTML(false)
	go l.read(decoder, orphaned)
	return l, nil
}

func (l *Link) read(decoder *json.Decoder, orphaned func()) {
	for {
		var next order
		if decoder.Decode(&next) != nil {
			close(l.jobs)
			orphaned()
			return
		}
		if next.Answer != nil {
			l.answers <- *next.Answer
		}
		if next.Job != nil {
			l.jobs <- *next.Job
		}
	}
}

// Jobs are the files to run. The channel is closed when there are no more.
func (l *Link) Jobs() <-chan Job { return l.jobs }

// Report sends an event, with what was written to the standard streams since
// the last one that tells how something ended.
func (l *Link) Report(e harness.Event) {
	switch e.Kind {
	case harness.TestStarted:
	case harness.TestFinished, harness.BlockFailed:
		e.Output += l.output.since()
	default:
		return // the parent says when a file and the run begin and end
	}
	l.say(word{Event: &e, Told: l.output.told})
}

// Enter says in which block the worker is, which is not to be tried again if it
// dies there.
func (l *Link) Enter(block harness.Event) { l.say(word{Block: &block, Told: l.output.told}) }

// Done says that the job is done.
func (l *Link) Done() {
	l.output.forget()
	l.say(word{Done: true, Told: l.output.told})
}

// Gone says that the process will end, and that the parent need not wonder.
func (l *Link) Gone() { l.say(word{Gone: true}) }

func (l *Link) say(w word) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.encoder.Encode(w) // if the parent has gone, orphaned is called
	_ = l.writer.Flush()
}

// Tell tells the parent something that is not answered.
func (l *Link) Tell(a Ask) { l.say(word{Ask: &a}) }

// Ask asks the parent and waits.
func (l *Link) Ask(done <-chan struct{}, a Ask) (Answer, error) {
	l.asking.Lock()
	defer l.asking.Unlock()
	l.say(word{Ask: &a})
	select {
	case answer := <-l.answers:
		return answer, nil
	case <-done:
		return Answer{}, os.ErrDeadlineExceeded
	}
}

// output is what a worker and its children write: a file that stands for the
// streams 1 and 2.
type output struct{ told int64 }

const (
	mostOutput = 1 << 20 // bytes of an event's output
	// largest is how much the file may hold between two files of tests. It is
	// emptied then, as it lies in memory.
	largest = 16 << 20
)

// since reads what is new, and the beginning of it if it is very much.
func (o *output) since() string {
	var stat unix.Stat_t
	if unix.Fstat(syscall.Stdout, &stat) != nil || stat.Size <= o.told {
		return ""
	}
	text := readOutput(syscall.Stdout, o.told, stat.Size)
	o.told = stat.Size
	return text
}

func (o *output) forget() {
	var stat unix.Stat_t
	if unix.Fstat(syscall.Stdout, &stat) == nil && stat.Size > largest && unix.Ftruncate(syscall.Stdout, 0) == nil {
		o.told = 0
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

// Package terminal talks to programs on pseudoterminals, as a person in front of a
// terminal would.
//
// A [Session] is a program that was started for this. [Session.Expect] waits for
// certain output, and [Session.Send] types an answer:
//
//	s, err := terminal.Spawn([]string{"sh"}, terminal.Options{})
//	...
//	defer s.Close()
//	_, err = s.Expect(ctx, []terminal.Pattern{terminal.Plain("$ ")}, 5*time.Second)
//	err = s.Send(ctx, []byte("exit 3\r"), 0, 5*time.Second)
//	status, err := s.Wait(ctx, 5*time.Second)
//
// A goroutine reads the output all the time, so a screen or a recording is correct at
// any moment. Output is kept until somebody takes it, and nothing is lost: if there is
// too much, the program has to wait.
//
// When the program ends, everything that it has left behind is ended, too, as described
// for [avescript/core/process.KillTree]. Then the session has ended.
package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"avescript/core/asciicast"
	"avescript/core/exceptions"
	"avescript/core/process"
	"avescript/core/pty"
)

// Options says how a session is started.
type Options struct {
	pty.Options

	// Keep limits the memory for the output: of what an expectation has searched
	// without success, between one and two times this number of bytes is kept. Output
	// that no expectation has seen is not dropped; the program waits instead. 0 keeps
	// everything.
	Keep int

	// Output, if not nil, receives what the program writes, as it comes. After the
	// first error it gets nothing more; Wait and Close return the error.
	Output io.Writer

	// Record, if not nil, receives a recording of the output, and is closed with the
	// session. Errors are handled as for Output. What is typed is not recorded: it may
	// be secret, and most of it is echoed.
	Record io.WriteCloser

	// Screen creates the screen at the beginning, so that it answers all queries of the
	// program. Otherwise it is created when needed.
	Screen bool

	// Ladder is how the program is ended; nil means process.HangUp.
	Ladder []process.Step
}

// Session is a program on a terminal. It must be closed, unless it has ended by itself.
type Session struct {
	program *pty.Program
	out     *output
	keep    int
	ladder  []process.Step
	turn    turn // of those who take output
	display display

	// open is read-locked by those who use the terminal, except the reader, and locked
	// to close the terminal.
	open   sync.RWMutex
	isOver bool

	// typing is held by the goroutine that types. The deadline that ends a Write also
	// affects Read, and belongs to the goroutine that types.
	typing turn

	closing sync.Once
	ending  chan struct{} // closed when the program has ended, or is being ended
	killed  chan struct{} // closed when it is dead, with everything that it started
	over    chan struct{} // closed when the session is over
}

// Spawn starts a program. The error is a RunError.
func Spawn(argv []string, opts Options) (*Session, error) {
	program, err := pty.Start(argv, opts.Options)
	if err != nil {
		return nil, err
	}
	s := &Session{
		program: program,
		out:     newOutput(opts.Keep),
		keep:    opts.Keep,
		ladder:  opts.Ladder,
		turn:    make(turn, 1),
		typing:  make(turn, 1),
		ending:  make(chan struct{}),
		killed:  make(chan struct{}),
		display: display{ready: make(chan struct{})},
		over:    make(chan struct{}),
	}
	if s.ladder == nil {
		s.ladder = process.HangUp
	}
	err = s.begin(opts)
	go s.supervise()
	if err != nil {
		_, _ = s.Close()
		return nil, err
	}
	return s, nil
}

// begin creates what receives the output.
func (s *Session) begin(opts Options) (err error) {
	d := &s.display
	d.sink = opts.Output
	if d.size, err = s.program.Size(); err != nil {
		return err
	}
	if opts.Screen {
		d.asked.Do(s.draw)
	}
	if opts.Record != nil {
		d.file = opts.Record
		d.recording, err = asciicast.NewWriter(opts.Record, asciicast.Header{
			Width: d.size.Cols, Height: d.size.Rows, Command: strings.Join(s.program.Argv, " "),
		})
	}
	return err
}

// PID is the pid of the program. When the session has ended, another process may have
// it.
func (s *Session) PID() int { return s.program.PID }

// Descriptors calls use with the descriptors of the session, see
// [pty.Program.Descriptors], unless it has ended. They stay open until use returns.
func (s *Session) Descriptors(use func(master int, others []int)) {
	_ = s.using(func() error {
		use(s.program.Descriptors())
		return nil
	})
}

// supervise ends the session: first the program's tree, and then it waits for the last
// output. The output of a job that never stops writing would have no end.
func (s *Session) supervise() {
	defer close(s.over)
	var reader sync.WaitGroup
	reader.Go(s.read)
	select {
	case <-s.program.Ended():
		s.end()
	case <-s.ending:
	}
	status, err := s.program.Kill(s.ladder)
	close(s.killed)
	s.program.Interrupt()
	reader.Wait()
	drainErr := s.program.Drain(func(p []byte) error {
		s.feed(p)
		return nil
	})
	s.open.Lock()
	defer s.open.Unlock()
	s.isOver = true
	s.out.end(status, errors.Join(err, drainErr, s.program.Close(), s.display.end(status)))
}

// read reads until the program is dead.
func (s *Session) read() {
	buf := make([]byte, 64<<10)
	for {
		s.out.awaitRoom(s.ending)
		n, err := s.program.Read(buf)
		if n > 0 {
			s.feed(buf[:n])
		}
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && !isClosed(s.killed):
			// The deadline has ended a Write, and the goroutine that set it is about to
			// reset it.
			s.typing <- struct{}{}
			s.typing.release()
		default:
			return
		}
	}
}

// end ends the program, if it is running.
func (s *Session) end() {
	s.closing.Do(func() {
		close(s.ending)
		s.out.wake()
	})
}

// Wait waits until the session has ended. The status is 0 to 255 as the program chose,
// or the negative number of the signal that ended it. No output is taken. A negative
// timeout means no limit; after the timeout the error is an exceptions.Timeout.
func (s *Session) Wait(ctx context.Context, timeout time.Duration) (status int, err error) {
	err = s.watch(ctx, timeout, func(_ context.Context, v view, _ bool) (bool, time.Duration, error) {
		s.pass()
		return v.ended, 0, nil
	})
	if errors.Is(err, errTimedOut) {
		return 0, s.failure(exceptions.Timeout, "wanted the end of", timeout)
	}
	if err != nil {
		return 0, err
	}
	return s.out.result()
}

// pass calls trim for those who watch and take no output. An expectation trims the
// output itself.
func (s *Session) pass() {
	if s.keep > 0 && s.turn.tryAcquire() {
		defer s.turn.release()
		s.trim(len(s.out.view().text))
	}
}

// trim drops output that was searched without success, n bytes, if the amount to keep
// is limited. It returns how much was dropped.
func (s *Session) trim(n int) int {
	if s.keep <= 0 || n <= 2*s.keep {
		return 0
	}
	s.out.drop(n - s.keep)
	return n - s.keep
}

// Close ends the program and its tree, if it is running, and waits for the end. The
// status is that of [Session.Wait]. No output is taken. It is not an error to close
// again.
func (s *Session) Close() (status int, err error) {
	s.end()
	<-s.over
	return s.out.result()
}

// Dropped is how many bytes of output were dropped without being taken: see
// Options.Keep.
func (s *Session) Dropped() int { return s.out.view().dropped }

// Resize changes the size of the terminal. The program gets a SIGWINCH.
func (s *Session) Resize(size pty.Size) error {
	return s.using(func() error {
		return s.display.resize(func() (pty.Size, error) {
			if err := s.program.Resize(size); err != nil {
				return size, err
			}
			return s.program.Size() // zeros in size were replaced there
		})
	})
}

// errOver is returned when the terminal is already closed.
var errOver = errors.New("the session is over")

// using calls use unless the terminal is closed.
func (s *Session) using(use func() error) error {
	err := func() error {
		s.open.RLock()
		defer s.open.RUnlock()
		if s.isOver {
			return errOver
		}
		return use()
	}()
	if errors.Is(err, errOver) {
		return s.failure(ErrEOF, "the program has ended:", 0)
	}
	return err
}

// HasEnded reports whether the session has ended, as in Wait.
func (s *Session) HasEnded() bool { return s.out.view().ended }

// Pending is the output that nobody has taken yet.
func (s *Session) Pending() []byte { return s.out.view().text }

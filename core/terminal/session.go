// Package terminal talks to programs on pseudoterminals, as a person would who
// sits in front of one.
//
// A [Session] is a program that was started to be talked to. [Session.Expect]
// waits for it to say something, [Session.Send] types an answer:
//
//	s, err := terminal.Spawn([]string{"sh"}, terminal.Options{})
//	...
//	defer s.Close()
//	_, err = s.Expect(ctx, []terminal.Pattern{terminal.Plain("$ ")}, 5*time.Second)
//	err = s.Send(ctx, []byte("exit 3\r"), 0, 5*time.Second)
//	status, err := s.Wait(ctx, 5*time.Second)
//
// A goroutine reads what the program writes, also while nobody waits for it; so
// a screen or a recording is as it was at any moment. What nobody has taken yet
// is kept, and nothing of it is lost: a program that is far ahead of its reader
// has to wait.
//
// When the program ends, whatever it has left behind is ended too, as
// [avescript/core/process.KillTree] says, and then the session has ended.
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
	"avescript/core/screen"
)

// Options are how a session is started.
type Options struct {
	pty.Options

	// Keep bounds the memory that the output takes: of what an expectation has
	// looked through in vain about the last so many bytes stay, between one and
	// two times as many. What no expectation has seen is not dropped; the
	// program waits instead. 0 is to keep everything.
	Keep int

	// Output, if not nil, gets what the program writes as it comes. Its first
	// error is the last that it gets; Wait and Close return it.
	Output io.Writer

	// Record, if not nil, gets a recording of what the program writes, and is
	// closed with the session. Errors are as those of Output. What is typed is
	// not recorded: it may be secret, and most is echoed.
	Record io.WriteCloser

	// Screen has the screen there from the beginning, so that it answers all
	// of the program's queries. Otherwise it is made when it is needed.
	Screen bool

	// Ladder is how the program is ended; process.HangUp if nil.
	Ladder []process.Step
}

// Session is a program on a terminal. It must be closed, unless it has ended by
// itself.
type Session struct {
	program *pty.Program
	out     *output
	keep    int
	ladder  []process.Step
	turn    turn // of who takes output
	display display

	// open is held by those who use the terminal, but for the reader, and
	// locked to close it.
	open   sync.RWMutex
	isOver bool

	// typing is of who types. The deadline by which a Write is ended, which is a
	// Read's too, then is the writer's.
	typing turn

	closing sync.Once
	ending  chan struct{} // closed when the program has ended, or is being ended
	killed  chan struct{} // closed when it is dead, with all that it started
	over    chan struct{} // closed when there is nothing left of it
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

// begin makes what the output is passed on to.
func (s *Session) begin(opts Options) (err error) {
	d := &s.display
	d.sink = opts.Output
	if d.size, err = s.program.Size(); err != nil {
		return err
	}
	if opts.Screen {
		d.screen = screen.New(d.size.Cols, d.size.Rows)
	}
	if opts.Record != nil {
		d.file = opts.Record
		d.recording, err = asciicast.NewWriter(opts.Record, asciicast.Header{
			Width: d.size.Cols, Height: d.size.Rows, Command: strings.Join(s.program.Argv, " "),
		})
	}
	return err
}

// PID is the program's. It may be another's when the session has ended.
func (s *Session) PID() int { return s.program.PID }

// Descriptors calls use with those of the session, as [pty.Program.Descriptors] has
// them, unless it has ended. They are open until use returns.
func (s *Session) Descriptors(use func(master int, others []int)) {
	_ = s.using(func() error {
		use(s.program.Descriptors())
		return nil
	})
}

// Ended is closed when the session has ended.
func (s *Session) Ended() <-chan struct{} { return s.over }

// supervise sees to the session's end: the program's tree first, and then what
// that wrote last, as the output of a job that never stops writing would have no
// end.
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
			// A Write was ended by the deadline, and who did that is about
			// to take it back.
			s.typing <- struct{}{}
			s.typing.release()
		default:
			return
		}
	}
}

// end has the program ended, if it has not.
func (s *Session) end() {
	s.closing.Do(func() {
		close(s.ending)
		s.out.wake()
	})
}

// Wait waits until the session has ended. The status is 0 to 255 as the program
// chose, or the negative number of the signal that ended it. The output remains
// to be expected. A negative timeout waits for ever; one that passes is an
// exceptions.Timeout.
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

// pass is trim for those who watch, and want none of the output. Who expects some
// trims it.
func (s *Session) pass() {
	if s.keep > 0 && s.turn.tryAcquire() {
		defer s.turn.release()
		s.trim(len(s.out.view().text))
	}
}

// trim drops output that was looked through in vain, n bytes, if only so much is
// to be kept. It returns how much it has dropped.
func (s *Session) trim(n int) int {
	if s.keep <= 0 || n <= 2*s.keep {
		return 0
	}
	s.out.drop(n - s.keep)
	return n - s.keep
}

// Close ends the program and its tree, if it has not ended, and waits for that.
// The status is that of [Session.Wait]. The output remains to be expected.
// Closing again is no error.
func (s *Session) Close() (status int, err error) {
	s.end()
	<-s.over
	return s.out.result()
}

// Dropped is how many bytes of output nobody has taken and are not kept: see
// Options.Keep.
func (s *Session) Dropped() int { return s.out.view().dropped }

// Resize changes the size of the terminal, which the program is told by a
// SIGWINCH.
func (s *Session) Resize(size pty.Size) error {
	return s.using(func() error {
		return s.display.resize(func() (pty.Size, error) {
			if err := s.program.Resize(size); err != nil {
				return size, err
			}
			return s.program.Size() // which has what was left out
		})
	})
}

// errOver is that of a use of the terminal that is no more there.
var errOver = errors.New("the session is over")

// using calls use as long as the terminal is there.
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
		return s.failure(ErrEOF, "wanted a running program, got", 0)
	}
	return err
}

// HasEnded reports whether the session has ended, as Wait has it.
func (s *Session) HasEnded() bool { return s.out.view().ended }

// Pending is the output that nobody has taken yet.
func (s *Session) Pending() []byte { return s.out.view().text }

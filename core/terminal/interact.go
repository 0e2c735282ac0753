package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/pty"
)

// keyboardPoll is how long it takes at most to stop reading the keyboard after the end
// of the session.
const keyboardPoll = 50 * time.Millisecond

// Interact connects the program to a person: what is typed on in goes to the program,
// and its output goes to out, beginning with the output that was not taken yet. It ends
// when the escape character is typed, when in or the program ends, or when ctx is done.
//
// If in is a terminal, it is in raw mode meanwhile, so that Ctrl-C goes to the program
// and not to this process, and the program's terminal has the same size.
func (s *Session) Interact(ctx context.Context, in *os.File, out io.Writer, escape byte) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	keyboard := int(in.Fd())
	if modes, err := unix.IoctlGetTermios(keyboard, unix.TCGETS); err == nil {
		if err := makeRaw(keyboard, *modes); err != nil {
			return err
		}
		defer func() { _ = unix.IoctlSetTermios(keyboard, unix.TCSETSW, modes) }()
		defer s.followSize(keyboard)()
	}
	var typing sync.WaitGroup
	typing.Go(func() { stop(s.typeFrom(ctx, keyboard, escape)) })
	err := s.show(ctx, out)
	stop(errOver)
	typing.Wait()
	if errors.Is(err, errOver) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// show writes the output until the program ends.
func (s *Session) show(ctx context.Context, out io.Writer) error {
	for {
		data, err := s.take(ctx)
		if len(data) == 0 {
			return err
		}
		if _, err := out.Write(data); err != nil {
			return fmt.Errorf("show the program's output: %w", err)
		}
	}
}

// take takes the present output, at least one byte. At the end it returns none.
func (s *Session) take(ctx context.Context) (data []byte, err error) {
	err = s.await(ctx, -1, func(_ context.Context, v view, _ bool) (bool, time.Duration, error) {
		data = bytes.Clone(v.text)
		s.out.take(len(data))
		return len(data) > 0 || v.ended, 0, nil
	})
	return data, err
}

// typeFrom passes on what is typed. Its error says why it stopped: io.EOF for the
// escape character or the end of the input.
func (s *Session) typeFrom(ctx context.Context, keyboard int, escape byte) error {
	buf := make([]byte, 4096)
	for ctx.Err() == nil {
		n, err := readKeys(keyboard, buf)
		if err != nil {
			return err
		}
		keys, _, escaped := bytes.Cut(buf[:n], []byte{escape})
		if len(keys) > 0 {
			if err := s.Send(ctx, keys, 0, -1); err != nil {
				return errOver
			}
		}
		if escaped {
			return io.EOF
		}
	}
	return nil
}

// readKeys returns nothing if nothing is typed for a while, because a read that waits
// cannot be interrupted.
func readKeys(keyboard int, buf []byte) (int, error) {
	fds := []unix.PollFd{{Fd: int32(keyboard), Events: unix.POLLIN}}
	ready, err := unix.Poll(fds, int(keyboardPoll.Milliseconds()))
	if ready == 0 || errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	n, err := unix.Read(keyboard, buf)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("read the keyboard: %w", err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// makeRaw turns off all processing of keys, as cfmakeraw(3) does.
func makeRaw(terminal int, modes unix.Termios) error {
	modes.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	modes.Oflag &^= unix.OPOST
	modes.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	modes.Cflag = modes.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	modes.Cc[unix.VMIN], modes.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(terminal, unix.TCSETSW, &modes); err != nil {
		return fmt.Errorf("make the keyboard's terminal raw: %w", err)
	}
	return nil
}

// followSize gives the program's terminal the size of another one until stop is called.
func (s *Session) followSize(terminal int) (stop func()) {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	follow := func() {
		if size, err := unix.IoctlGetWinsize(terminal, unix.TIOCGWINSZ); err == nil {
			_ = s.Resize(pty.Size{Cols: int(size.Col), Rows: int(size.Row)})
		}
	}
	follow()
	var following sync.WaitGroup
	following.Go(func() {
		for range changes {
			follow()
		}
	})
	return func() {
		signal.Stop(changes)
		close(changes)
		following.Wait()
	}
}

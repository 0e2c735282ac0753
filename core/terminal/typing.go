package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// modesInterval is how often the modes of the terminal are checked. There is no
// notification when a program changes them.
const modesInterval = 5 * time.Millisecond

// Send types data. With a delay, it waits that long between two characters, like a
// person.
//
// It waits while the terminal is full and the program does not read. The kernel
// truncates lines of more than 4095 bytes, unless the program has turned off the
// editing of lines. If the program has ended, the error has the class [ErrEOF]. A
// negative timeout means no limit; after the timeout the error is an
// exceptions.Timeout.
func (s *Session) Send(ctx context.Context, data []byte, delay, timeout time.Duration) error {
	ctx, cancel := limited(ctx, timeout)
	defer cancel()
	err := s.send(ctx, data, delay)
	if errors.Is(err, errTimedOut) {
		return s.failure(exceptions.Timeout, fmt.Sprintf("wanted to type %d bytes to", len(data)), timeout)
	}
	return err
}

func (s *Session) send(ctx context.Context, data []byte, delay time.Duration) error {
	defer s.out.want(&s.out.typing)() // otherwise a program that answers everything would stop
	for len(data) > 0 {
		n := len(data)
		if delay > 0 {
			_, n = utf8.DecodeRune(data)
		}
		if err := s.write(ctx, data[:n]); err != nil {
			return err
		}
		if data = data[n:]; delay > 0 && len(data) > 0 {
			if err := sleep(ctx, delay); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes to the terminal until ctx is done.
func (s *Session) write(ctx context.Context, data []byte) error {
	return s.using(func() error {
		if err := s.typing.acquire(ctx); err != nil {
			return err
		}
		defer s.typing.release()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		interrupted := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			s.program.Interrupt()
			close(interrupted)
		})
		_, err := s.program.Write(data)
		if !stop() {
			<-interrupted
			s.program.Resume()
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil:
			return context.Cause(ctx)
		}
		return errOver
	})
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Control is the character that Ctrl and a key send: a letter, or one of @ [ \ ] ^ _ ?.
func Control(key string) (byte, error) {
	if len(key) == 1 {
		switch c := key[0]; {
		case c == '?':
			return 0x7f, nil
		case 'a' <= c && c <= 'z', '@' <= c && c <= '_':
			return c & 0x1f, nil
		}
	}
	return 0, exceptions.TypeError.Newf(`wanted a letter or one of @ [ \ ] ^ _ ? to press with Ctrl, got %q`, key)
}

// SendEOF types the end-of-input key of the terminal. It ends the input at the
// beginning of a line.
func (s *Session) SendEOF(ctx context.Context, timeout time.Duration) error {
	var key byte
	err := s.using(func() error {
		modes, err := s.program.Modes()
		if err == nil {
			key = modes.Cc[unix.VEOF]
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.Send(ctx, []byte{key}, 0, timeout)
}

// WaitNoEcho waits until the program has turned off the echo of the terminal, as before
// reading a password. What is typed earlier appears in the output.
func (s *Session) WaitNoEcho(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := limited(ctx, timeout)
	defer cancel()
	defer s.out.want(&s.out.typing)() // it may write a lot before
	for {
		echo, err := s.echo()
		if err != nil || !echo {
			return err
		}
		if err = sleep(ctx, modesInterval); errors.Is(err, errTimedOut) {
			return s.failure(exceptions.Timeout, "wanted the echo to be turned off by", timeout)
		} else if err != nil {
			return err
		}
	}
}

// echo reports whether the terminal shows what is typed.
func (s *Session) echo() (on bool, err error) {
	err = s.using(func() error {
		modes, err := s.program.Modes()
		if err == nil {
			on = modes.Lflag&unix.ECHO != 0
		}
		return err
	})
	return on, err
}

package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"avescript/core/asciicast"
	"avescript/core/exceptions"
	"avescript/core/pty"
	"avescript/core/screen"
)

// display is all that the output is passed on to beside those who expect it.
//
// The screen is made when somebody asks for it, and then shows what had come
// before. It answers the program's queries from then on.
type display struct {
	mu        sync.Mutex // held while output is passed on
	size      pty.Size
	sink      io.Writer
	recording *asciicast.Writer
	file      io.Closer // of the recording
	screen    *screen.Screen
	replies   []byte // to be typed
	typing    bool   // by a goroutine
	err       error  // the first of sink
}

func (d *display) resize(change func() (pty.Size, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	size, err := change()
	if err != nil {
		return err
	}
	d.size = size
	if d.recording != nil {
		_ = d.recording.Resize(size.Cols, size.Rows) // Close has the error
	}
	if d.screen != nil {
		d.screen.Resize(size.Cols, size.Rows)
	}
	return nil
}

// end gives the first error that passing on the output has had.
func (d *display) end(status int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.err
	if d.recording != nil {
		_ = d.recording.Exit(status)
		err = errors.Join(err, d.recording.Close())
	}
	if d.file != nil {
		err = errors.Join(err, d.file.Close())
	}
	return err
}

// feed passes on what the program wrote. The screen shows it before anybody can
// expect it.
func (s *Session) feed(p []byte) {
	d := &s.display
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sink != nil && d.err == nil {
		_, d.err = d.sink.Write(p)
	}
	if d.recording != nil {
		_ = d.recording.Output(p)
	}
	if d.screen != nil {
		_, _ = d.screen.Write(p)
		s.reply(d.screen.Replies())
	}
	s.out.add(p)
}

// reply types what the screen answers. Not at once: the one who reads must not
// wait for a program that waits for its reader.
func (s *Session) reply(replies []byte) {
	d := &s.display
	d.replies = append(d.replies, replies...)
	if len(d.replies) > 0 && !d.typing {
		d.typing = true
		go s.typeReplies()
	}
}

// typeReplies ends when all are typed, or the session is over.
func (s *Session) typeReplies() {
	for {
		s.display.mu.Lock()
		replies := s.display.replies
		s.display.replies = nil
		s.display.typing = len(replies) > 0
		s.display.mu.Unlock()
		if len(replies) == 0 || s.write(context.Background(), replies) != nil {
			return
		}
	}
}

// live is the screen, which is made if there is none yet. The queries in what it
// missed are not answered any more: nobody waits for that now.
func (s *Session) live() *screen.Screen {
	d := &s.display
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.screen == nil {
		d.screen = screen.New(d.size.Cols, d.size.Rows)
		_, _ = d.screen.Write(s.out.past())
		d.screen.Replies()
	}
	return d.screen
}

// Screen is what a person would see. The first call makes the screen, from the
// last 256 KiB at least of what has come.
func (s *Session) Screen() *screen.Image { return s.live().Snapshot() }

// Press types keys by their names, each as the program wants to have it then: see
// [screen.KeyBytes]. If there is a key that there is not, none is typed. Timeout
// and errors are those of [Session.Send].
func (s *Session) Press(ctx context.Context, keys []string, timeout time.Duration) error {
	live := s.live()
	for _, key := range keys {
		if _, err := live.Key(key); err != nil {
			return exceptions.TypeError.Newf("%w", err)
		}
	}
	for _, key := range keys {
		data, err := live.Key(key)
		if err != nil {
			return err
		}
		if err := s.Send(ctx, data, 0, timeout); err != nil {
			return err
		}
	}
	return nil
}

// ExpectScreen waits until the screen shows the pattern: in the row, counted
// from 1, or from -1 at the bottom, or anywhere if row is 0. A row has no blanks
// at its end, and "\n" between it and the next. The output remains to be
// expected. The errors are those of [Session.Expect], with the screen.
func (s *Session) ExpectScreen(ctx context.Context, p Pattern, row int, timeout time.Duration) (image *screen.Image, err error) {
	if _, ok := p.(event); ok {
		return nil, exceptions.TypeError.Newf("wanted a pattern that a screen can show, got %s", p)
	}
	live := s.live()
	err = s.watch(ctx, timeout, func(ctx context.Context, v view, _ bool) (bool, time.Duration, error) {
		image = live.Snapshot()
		text, err := shown(image, row)
		if err != nil {
			return false, 0, err
		}
		match, err := Find(ctx, p, text)
		if match == nil && v.ended && err == nil {
			err = s.screenFailure(ErrEOF, p, row, timeout)
		}
		s.pass()
		return match != nil, 0, err
	})
	if errors.Is(err, errTimedOut) {
		err = s.screenFailure(exceptions.Timeout, p, row, timeout)
	}
	return image, err
}

func shown(image *screen.Image, row int) (string, error) {
	if row == 0 {
		return image.Text(), nil
	}
	lines := image.Lines()
	if row < 0 {
		slices.Reverse(lines)
		row = -row
	}
	if row > len(lines) {
		return "", exceptions.TypeError.Newf("wanted one of the screen's %d rows, got %d", len(lines), row)
	}
	return lines[row-1], nil
}

// screenFailure is the error that a pattern is not on the screen.
func (s *Session) screenFailure(class *exceptions.Class, p Pattern, row int, timeout time.Duration) error {
	where := "on the screen"
	if row != 0 {
		where = fmt.Sprintf("in row %d of the screen", row)
	}
	text := s.live().Snapshot().Text()
	picture := "the screen is empty"
	if text != "" {
		picture = "the screen shows:\n    " + strings.ReplaceAll(text, "\n", "\n    ")
	}
	return s.failed(class, fmt.Sprintf("wanted %s %s of", p, where), timeout, picture, text)
}

// WaitStable waits until what the screen shows has not changed for a while, and
// returns that. It waits so long at least. The errors are those of
// [Session.Wait].
func (s *Session) WaitStable(ctx context.Context, quiet, timeout time.Duration) (image *screen.Image, err error) {
	live := s.live()
	since := time.Now()
	err = s.watch(ctx, timeout, func(_ context.Context, v view, _ bool) (bool, time.Duration, error) {
		now := live.Snapshot()
		if image == nil || !image.Equal(now) {
			image, since = now, time.Now()
		}
		s.pass()
		rest := quiet - time.Since(since)
		return v.ended || rest <= 0, rest, nil
	})
	if errors.Is(err, errTimedOut) {
		err = s.failure(exceptions.Timeout, fmt.Sprintf("wanted a screen that stays the same for %v from", quiet), timeout)
	}
	return image, err
}

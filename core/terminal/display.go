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

// display receives the output for everything except expectations.
//
// The screen is created when it is first needed, and then shows the earlier output.
// From then on it answers the program's queries.
type display struct {
	mu        sync.Mutex // held while output is passed on
	size      pty.Size
	sink      io.Writer
	recording *asciicast.Writer
	file      io.Closer      // of the recording
	asked     sync.Once      // whether a screen is needed
	screen    *screen.Screen // valid when ready is closed
	ready     chan struct{}
	replies   []byte // that must be typed
	typing    bool   // by a goroutine
	err       error  // the first error of sink
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
		_ = d.recording.Resize(size.Cols, size.Rows) // Close returns the error
	}
	if d.screen != nil {
		d.screen.Resize(size.Cols, size.Rows)
	}
	return nil
}

// end returns the first error of passing on the output.
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

// feed passes on what the program wrote. The screen shows it before it can be expected.
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

// mostReplies is how many bytes are kept for a program that sends queries but does not
// read the answers.
const mostReplies = 64 << 10

// reply types the answers of the screen, in another goroutine: the goroutine that reads
// the output must not wait for a program that waits for its reader.
func (s *Session) reply(replies []byte) {
	d := &s.display
	if len(d.replies) < mostReplies {
		d.replies = append(d.replies, replies...)
	}
	if len(d.replies) > 0 && !d.typing {
		d.typing = true
		go s.typeReplies()
	}
}

// typeReplies ends when all answers are typed, or the session is over.
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

// live returns the screen, and creates it if needed. If that takes longer than ctx, the
// next caller finds it.
func (s *Session) live(ctx context.Context) (*screen.Screen, error) {
	s.display.asked.Do(func() { go s.draw() })
	select {
	case <-s.display.ready:
		return s.display.screen, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// draw creates the screen, which shows the earlier output. Queries in that are not
// answered: the program does not wait for the answers any more.
func (s *Session) draw() {
	d := &s.display
	d.mu.Lock()
	defer d.mu.Unlock()
	d.screen = screen.New(d.size.Cols, d.size.Rows)
	_, _ = d.screen.Write(s.out.past())
	d.screen.Replies()
	close(d.ready)
}

// Screen is what a person would see. The first call creates the screen, from at least
// the last 256 KiB of the output.
func (s *Session) Screen(ctx context.Context) (*screen.Image, error) {
	live, err := s.live(ctx)
	if err != nil {
		return nil, err
	}
	return live.Snapshot(), nil
}

// Press types keys by their names, as the program expects them in its current mode: see
// [screen.KeyBytes]. If one of the keys does not exist, none is typed. Timeout and
// errors are those of [Session.Send].
func (s *Session) Press(ctx context.Context, keys []string, timeout time.Duration) error {
	live, err := s.live(ctx)
	if err != nil {
		return err
	}
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

// ExpectScreen waits until the screen shows the pattern: in the row, counted from 1, or
// from -1 at the bottom, or anywhere if row is 0. Rows have no blanks at the end, and
// are separated by "\n". No output is taken. The errors are those of [Session.Expect],
// with the screen.
func (s *Session) ExpectScreen(ctx context.Context, p Pattern, row int, timeout time.Duration) (image *screen.Image, err error) {
	if _, ok := p.(event); ok {
		return nil, exceptions.TypeError.Newf("wanted a pattern that a screen can show, got %s", p)
	}
	err = s.watchScreen(ctx, timeout, func(ctx context.Context, live *screen.Screen, v view) (bool, time.Duration, error) {
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

// watchScreen is like watch, for those who look at the screen. The timeout includes
// creating it.
func (s *Session) watchScreen(ctx context.Context, timeout time.Duration, look func(context.Context, *screen.Screen, view) (bool, time.Duration, error)) error {
	began := time.Now()
	bounded, cancel := ctx, func() {}
	if timeout >= 0 {
		bounded, cancel = limited(ctx, timeout+overtime)
	}
	defer cancel()
	live, err := s.live(bounded)
	if err != nil {
		return err
	}
	if timeout > 0 {
		timeout = max(timeout-time.Since(began), 0)
	}
	return s.watch(ctx, timeout, func(ctx context.Context, v view, _ bool) (bool, time.Duration, error) {
		return look(ctx, live, v)
	})
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

// screenFailure is the error that the screen does not show a pattern.
func (s *Session) screenFailure(class *exceptions.Class, p Pattern, row int, timeout time.Duration) error {
	where := "on the screen"
	if row != 0 {
		where = fmt.Sprintf("in row %d of the screen", row)
	}
	text, picture := "", "the screen is empty"
	if !isClosed(s.display.ready) {
		picture = "the screen has not processed all output yet"
	} else if text = s.display.screen.Snapshot().Text(); text != "" {
		picture = "the screen shows:\n    " + strings.ReplaceAll(text, "\n", "\n    ")
	}
	return s.failed(class, fmt.Sprintf("wanted %s %s of", p, where), timeout, picture, text)
}

// WaitStable waits until the screen has not changed for the time quiet, and returns it.
// It waits at least that long. The errors are those of [Session.Wait].
func (s *Session) WaitStable(ctx context.Context, quiet, timeout time.Duration) (image *screen.Image, err error) {
	since := time.Now()
	err = s.watchScreen(ctx, timeout, func(_ context.Context, live *screen.Screen, v view) (bool, time.Duration, error) {
		now := live.Snapshot()
		if image == nil || !image.Equal(now) {
			image, since = now, time.Now()
		}
		s.pass()
		rest := quiet - time.Since(since)
		return v.ended || rest <= 0, rest, nil
	})
	if errors.Is(err, errTimedOut) {
		err = s.failure(exceptions.Timeout, fmt.Sprintf("wanted a screen that does not change for %v from", quiet), timeout)
	}
	return image, err
}

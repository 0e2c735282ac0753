package pipe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/exceptions"
	"avescript/core/pipe"
)

const (
	soon = 30 * time.Millisecond
	late = time.Minute
)

var ctx = context.Background()

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ends(t *testing.T) (a, b *pipe.Pipe) {
	t.Helper()
	a, b, err := pipe.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func put(t *testing.T, p *pipe.Pipe, value string) {
	t.Helper()
	if err := p.Put(ctx, json.RawMessage(value), late); err != nil {
		t.Fatalf("put %s: %v", value, err)
	}
}

func wantValue(t *testing.T, p *pipe.Pipe, value string) {
	t.Helper()
	if got, err := p.Get(ctx, late); err != nil || string(got) != value {
		t.Fatalf("got %s, %v, want %s", got, err, value)
	}
}

func TestValuesGoBothWays(t *testing.T) {
	a, b := ends(t)
	put(t, a, `{"n":1}`)
	put(t, a, `null`)
	put(t, b, `[9007199254740993]`)
	wantValue(t, b, `{"n":1}`)
	wantValue(t, b, `null`)
	wantValue(t, a, `[9007199254740993]`)
}

func TestNothingIsLostOnTimeouts(t *testing.T) {
	a, b := ends(t)
	large := `"` + string(bytes.Repeat([]byte("x"), 8<<20)) + `"`
	if err := a.Put(ctx, json.RawMessage(large), soon); !errors.Is(err, exceptions.ConnectionTimeout) {
		t.Fatalf("put of more than a socket holds: got %v", err)
	}
	if _, err := b.Get(ctx, soon); !errors.Is(err, exceptions.ConnectionTimeout) {
		t.Fatalf("get of what has come in part: got %v", err)
	}
	got := make(chan string, 2)
	go func() {
		for range 2 {
			value, _ := b.Get(ctx, late)
			got <- string(value)
		}
	}()
	put(t, a, large)
	put(t, a, `2`)
	if first, second := <-got, <-got; first != large || second != `2` {
		t.Errorf("got values of %d and %d bytes, want %d and 1", len(first), len(second), len(large))
	}
}

func TestOtherEndHasGone(t *testing.T) {
	a, b := ends(t)
	put(t, a, `"never read"`)
	put(t, b, `"last words"`)
	b.Close() // with unread data, which the kernel reports as a reset
	wantValue(t, a, `"last words"`)
	for range 2 {
		if _, err := a.Get(ctx, late); !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("get: got %v", err)
		}
		if err := a.Put(ctx, json.RawMessage(`1`), late); !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("put: got %v", err)
		}
	}
}

func TestPoll(t *testing.T) {
	a, b := ends(t)
	if events, err := a.Poll(ctx, connection.PollIn, soon); err != nil || events != nil {
		t.Fatalf("nothing to read: got %v, %v", events, err)
	}
	put(t, b, `1`)
	events, err := a.Poll(ctx, connection.PollIn, late)
	fd, _ := a.Fileno()
	if err != nil || len(events) != 1 || events[0] != (connection.PollEvent{Fd: fd, Events: connection.PollIn}) {
		t.Errorf("a value to read: got %v, %v", events, err)
	}
}

// Another holder of the descriptor continues within a value.
func TestDetachKeepsWhatHasCome(t *testing.T) {
	a, b := ends(t)
	fd, _, err := a.Detach()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := a.Get(ctx, late); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("the detached end gave %v", err)
	}
	frame := []byte("\x00\x00\x00\x07\"hello\"")
	for cut := range frame {
		unix.Write(fd, frame[:cut])
		if _, err := b.Get(ctx, 0); !errors.Is(err, exceptions.ConnectionTimeout) {
			t.Fatalf("cut at %d: got %v", cut, err)
		}
		taken, unread, err := b.Detach()
		if err != nil {
			t.Fatal(err)
		}
		if b, err = pipe.FromFd(taken, unread); err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if again, err := b.Unread(); err != nil || !bytes.Equal(again, unread) {
			t.Fatalf("cut at %d: got %q, %v, want %q", cut, again, err, unread)
		}
		unix.Write(fd, frame[cut:])
		wantValue(t, b, `"hello"`)
	}
}

func TestFromFdTakesPipesAlone(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, fd := range []int{int(file.Fd()), -1} {
		if _, err := pipe.FromFd(fd, nil); err == nil {
			t.Errorf("the descriptor %d was taken", fd)
		}
	}
	if _, err := file.Stat(); err != nil {
		t.Errorf("the descriptor that was refused was closed: %v", err)
	}
}

// TestNoMoreDescriptors makes a pipe when there are just enough descriptors for its
// sockets.
func TestNoMoreDescriptors(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	var taken []int
	for {
		fd, err := unix.Dup(0)
		if err != nil {
			break
		}
		taken = append(taken, fd)
	}
	defer func() {
		for _, fd := range taken {
			unix.Close(fd)
		}
	}()
	for range 2 {
		unix.Close(taken[len(taken)-1])
		taken = taken[:len(taken)-1]
	}
	for range 2 { // the second time shows that none has leaked
		_, _, err := pipe.New()
		if !errors.Is(err, unix.EMFILE) || errors.Is(err, unix.EBADF) {
			t.Errorf("got %v, want that there are no descriptors any more", err)
		}
	}
}

package fdtx_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/core/fdtx"
	"avescript/internal/goroutines"
)

func TestMessagesGoBothWays(t *testing.T) {
	a, b := pair(t)
	put(t, a, "there", many(t, 2)...)
	put(t, b, "back")
	wantGot(t, "there", 2)(b.Get(ctx, 100, 2, late))
	wantGot(t, "back", 0)(a.Get(ctx, 100, 0, late))
}

func TestAsManyDescriptorsAsTheKernelTakes(t *testing.T) {
	a, b := pair(t)
	sent := many(t, fdtx.MaxFds)
	put(t, a, "all", sent...)
	got := wantGot(t, "all", fdtx.MaxFds)(b.Get(ctx, 3, fdtx.MaxFds, late))
	slices.Sort(got)
	if n := len(slices.Compact(got)); n != fdtx.MaxFds {
		t.Errorf("wanted as many different descriptors, got %d", n)
	}
	err := a.Put(ctx, []byte("x"), append(sent, sent[0]), late)
	if !errors.Is(err, exceptions.OverflowError) || err.Error() != "wanted at most 253 descriptors in a message, got 254" {
		t.Errorf("got %v", err)
	}
	put(t, a, "fewer than were asked for", sent[:3]...)
	wantGot(t, "fewer than were asked for", 3)(b.Get(ctx, 100, 10*fdtx.MaxFds, late))
}

func TestHundredsOfDescriptorsInOrder(t *testing.T) {
	a, b := pair(t)
	var readers, writers []int
	for range 300 {
		var ends [2]int
		if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		readers, writers = append(readers, ends[0]), append(writers, ends[1])
	}
	defer fdtx.CloseAll(append(readers, writers...))
	for part := range slices.Chunk(writers, fdtx.MaxFds) {
		put(t, a, fmt.Sprint(len(part)), part...)
	}
	got := wantGot(t, "253", 253)(b.Get(ctx, 10, 253, late))
	got = append(got, wantGot(t, "47", 47)(b.Get(ctx, 10, 253, late))...)
	for i, fd := range got {
		if !isSame(t, fd, writers[i]) {
			t.Fatalf("descriptor %d is another one", i)
		}
	}
}

func TestALongMessage(t *testing.T) {
	a, b := pair(t)
	state := strings.Repeat("0123456789", 100_000)
	sent := make(chan error, 1)
	go func() { sent <- a.Put(ctx, []byte(state), many(t, 3), late) }()
	wantGot(t, state, 3)(b.Get(ctx, len(state), 3, late))
	if err := <-sent; err != nil {
		t.Error(err)
	}
	go func() { sent <- a.Put(ctx, []byte(state), many(t, 3), late) }()
	wantGot(t, state, 3)(b.GetExactly(ctx, len(state), 3, late))
	if err := <-sent; err != nil {
		t.Error(err)
	}
	put(t, a, "next")
	wantGot(t, "next", 0)(b.Get(ctx, 100, 0, late))
}

func TestMessagesWithoutDescriptorsAreToldApartByTheirLengths(t *testing.T) {
	a, b := pair(t)
	put(t, a, "one")
	put(t, a, "two")
	put(t, a, "three", many(t, 1)...)
	wantGot(t, "one", 0)(b.GetExactly(ctx, 3, 0, late))
	wantGot(t, "two", 0)(b.GetExactly(ctx, 3, 0, late))
	wantGot(t, "three", 1)(b.GetExactly(ctx, 5, 1, late))
}

func TestATruncatedMessageIsAnError(t *testing.T) {
	for name, length := range map[string]int{"by a byte": 4, "by most of it": 1} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			put(t, a, "hello", many(t, 3)...)
			noneLeftButTheSocket(t, func() {
				_, fds, err := b.Get(ctx, length, 3, late)
				want := fmt.Sprintf("wanted a message of at most %d bytes, got a longer one", length)
				if !errors.Is(err, exceptions.OverflowError) || err.Error() != want || fds != nil {
					t.Errorf("got %v, %v", fds, err)
				}
			})
			if _, _, err := b.Get(ctx, 10, 3, late); !errors.Is(err, exceptions.ConnectionClosed) {
				t.Errorf("a Get after it: %v", err)
			}
		})
	}
}

func TestALongMessageNeedsItsLength(t *testing.T) {
	a, b := pair(t)
	put(t, a, strings.Repeat("x", 100_000), many(t, 3)...)
	_, _, err := b.Get(ctx, 200_000, 3, late)
	if want := "wanted a message shorter than 32768 bytes, or of exactly 200000, got 100000"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestMissingDescriptorsAreAnError(t *testing.T) {
	a, b := pair(t)
	for _, count := range []int{1, 2, 3, 3} {
		put(t, a, "some", many(t, count)...)
	}
	put(t, a, "next")
	noneLeft(t, "messages that are refused", func() {
		for _, count := range []int{0, 1, 2} { // one too few for each
			_, fds, err := b.Get(ctx, 100, count, late)
			want := fmt.Sprintf("wanted at most %d descriptors with a message, got more", count)
			if !errors.Is(err, exceptions.OverflowError) || err.Error() != want || fds != nil {
				t.Errorf("room for %d: got %v, %v", count, fds, err)
			}
		}
		_, _, err := b.GetExactly(ctx, 4, 4, late)
		if want := "wanted 4 descriptors with a message, got 3"; err == nil || err.Error() != want {
			t.Errorf("got %v", err)
		}
	})
	wantGot(t, "next", 0)(b.Get(ctx, 100, 0, late))
}

func TestDescriptorsThatTheProcessHasNoRoomFor(t *testing.T) {
	a, b := pair(t)
	put(t, a, "five", many(t, 5)...)
	put(t, a, "next")
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	probe := many(t, 1)[0] // the lowest free number, which is in use then
	lowered := unix.Rlimit{Cur: uint64(probe) + 3, Max: limit.Max}
	noneLeft(t, "a message that is refused", func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lowered); err != nil {
			t.Fatal(err)
		}
		_, _, err := b.Get(ctx, 100, 5, late)
		if e := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); e != nil {
			t.Fatal(e)
		}
		if want := "descriptors of a message were lost: this process cannot open more than the 2 that have arrived"; err == nil || err.Error() != want {
			t.Errorf("got %v", err)
		}
	})
	wantGot(t, "next", 0)(b.Get(ctx, 100, 0, late))
}

func TestMessagesOfADeadPeerComeFirst(t *testing.T) {
	a, b := pair(t)
	put(t, b, "never got")
	put(t, a, "one", many(t, 1)...)
	put(t, a, "two", many(t, 2)...)
	a.Close()
	wantGot(t, "one", 1)(b.Get(ctx, 100, 9, late))
	wantGot(t, "two", 2)(b.Get(ctx, 100, 9, late))
	for range 2 {
		_, _, err := b.Get(ctx, 100, 9, late)
		if !errors.Is(err, exceptions.ConnectionClosed) || err.Error() != "connection closed" {
			t.Errorf("get: %v", err)
		}
		if err := b.Put(ctx, []byte("x"), nil, late); !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("put: %v", err)
		}
	}
}

func TestAPeerThatGoesInTheMiddleOfAMessage(t *testing.T) {
	a, b := pair(t)
	put(t, a, "half", many(t, 2)...)
	a.Close()
	noneLeftButTheSocket(t, func() {
		if _, _, err := b.GetExactly(ctx, 8, 2, late); !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("got %v", err)
		}
	})
}

// noneLeftButTheSocket is like noneLeft, for functions that close the connection:
// another descriptor is opened instead.
func noneLeftButTheSocket(t *testing.T, f func()) {
	t.Helper()
	noneLeft(t, "a message that is refused", func() {
		f()
		many(t, 1)
	})
}

func TestWhatCannotBePut(t *testing.T) {
	a, b := pair(t)
	closed := many(t, 1)[0]
	unix.Close(closed)
	err := a.Put(ctx, []byte("x"), []int{0, closed}, late)
	if want := fmt.Sprintf("put descriptor %d: bad file descriptor", closed); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := a.Put(ctx, nil, []int{0}, late); !errors.Is(err, exceptions.TypeError) {
		t.Errorf("an empty message: %v", err)
	}
	put(t, a, "next")
	wantGot(t, "next", 0)(b.Get(ctx, 100, 0, late))
}

func TestWaitsEnd(t *testing.T) {
	a, b := pair(t)
	large := make([]byte, 8<<20)
	cancelled, cancel := context.WithCancelCause(ctx)
	goroutines.WhenBlocked(t, "fdtx.(*FdTx).Get", func() { cancel(errors.New("changed my mind")) })
	if _, _, err := b.Get(cancelled, 1, 0, late); err == nil || err.Error() != "changed my mind" {
		t.Errorf("cancelled: %v", err)
	}
	for _, timeout := range []time.Duration{0, soon} {
		if _, _, err := b.Get(ctx, 1, 0, timeout); !errors.Is(err, exceptions.Timeout) || err.Error() != "timed out" {
			t.Errorf("get within %v: %v", timeout, err)
		}
	}
	put(t, a, "after all that")
	wantGot(t, "after all that", 0)(b.Get(ctx, 100, 0, 0))

	goroutines.WhenBlocked(t, "fdtx.(*FdTx).Get", func() { b.Close() })
	if _, _, err := b.Get(ctx, 1, 0, late); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("closed meanwhile: %v", err)
	}

	a, _ = pair(t)
	if err := a.Put(ctx, large, nil, soon); !errors.Is(err, exceptions.Timeout) || err.Error() != "timed out" {
		t.Errorf("put of more than the socket holds: %v", err)
	}
	if err := a.Put(ctx, []byte("x"), nil, soon); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("put behind half a message: %v", err)
	}
}

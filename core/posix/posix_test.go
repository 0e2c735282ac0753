package posix

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"avescript/core/exceptions"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func pipe(t *testing.T, flags int) (r, w int) {
	t.Helper()
	var ends [2]int
	if err := unix.Pipe2(ends[:], flags|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		unix.Close(ends[0])
		unix.Close(ends[1])
	})
	return ends[0], ends[1]
}

func TestReadAndWrite(t *testing.T) {
	for name, flags := range map[string]int{"blocking": 0, "non-blocking": unix.O_NONBLOCK} {
		t.Run(name, func(t *testing.T) {
			r, w := pipe(t, flags)
			want := bytes.Repeat([]byte("0123456789"), 50_000)
			written := make(chan error)
			go func() {
				_, err := Write(context.Background(), w, want, 20*time.Second)
				written <- err
			}()
			var got []byte
			buf := make([]byte, 10_000)
			for len(got) < len(want) {
				n, err := Read(context.Background(), r, buf, 20*time.Second)
				if n == 0 || err != nil {
					t.Fatalf("got %d, %v after %d bytes", n, err, len(got))
				}
				got = append(got, buf[:n]...)
			}
			if err := <-written; err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
}

func TestTimeouts(t *testing.T) {
	r, w := pipe(t, 0)
	for _, timeout := range []time.Duration{0, 10 * time.Millisecond} {
		if _, err := Read(context.Background(), r, make([]byte, 1), timeout); !errors.Is(err, exceptions.Timeout) {
			t.Errorf("Read within %v: got %v, want a Timeout", timeout, err)
		}
	}
	n, err := Write(context.Background(), w, make([]byte, 1<<20), 10*time.Millisecond)
	if n == 0 || n == 1<<20 || !errors.Is(err, exceptions.Timeout) {
		t.Errorf("Write: got %d, %v, want a Timeout and some written", n, err)
	}
}

func TestEndOfTheContext(t *testing.T) {
	_, w := pipe(t, 0)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	failed := make(chan error)
	go func() {
		_, err := Write(ctx, w, make([]byte, 1<<20), -1) // more than the pipe holds
		failed <- err
	}()
	for full := false; !full; time.Sleep(time.Millisecond) { // then it waits
		n, err := Poll(context.Background(), []unix.PollFd{{Fd: int32(w), Events: unix.POLLOUT}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		full = n == 0
	}
	cancel(cause)
	if err := <-failed; !errors.Is(err, cause) {
		t.Errorf("Write: got %v, want %v", err, cause)
	}
	empty, _ := pipe(t, 0)
	if _, err := Read(ctx, empty, make([]byte, 1), -1); !errors.Is(err, cause) {
		t.Errorf("Read: got %v, want %v", err, cause)
	}
}

func TestBadDescriptor(t *testing.T) {
	if _, err := Read(context.Background(), 1<<20, make([]byte, 1), -1); !errors.Is(err, unix.EBADF) {
		t.Errorf("Read: got %v, want %v", err, unix.EBADF)
	}
	if _, err := Write(context.Background(), 1<<20, []byte("x"), -1); !errors.Is(err, unix.EBADF) {
		t.Errorf("Write: got %v, want %v", err, unix.EBADF)
	}
}

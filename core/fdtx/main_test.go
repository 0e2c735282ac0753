package fdtx_test

import (
	"context"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"avescript/core/fdtx"
	"avescript/internal/reexec"
)

const (
	soon = 30 * time.Millisecond
	late = time.Minute
)

var ctx = context.Background()

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"stranger": beStranger})
	goleak.VerifyTestMain(m)
}

// beStranger connects to a path and waits for a byte.
func beStranger(args []string) error {
	t := fdtx.New()
	if err := t.Connect(ctx, args[0], late, 0); err != nil {
		return err
	}
	_, _, _ = t.Get(ctx, 1, 0, late)
	return nil
}

// pair returns two connected sides.
func pair(t *testing.T) (a, b *fdtx.FdTx) {
	t.Helper()
	a, b = fdtx.New(), fdtx.New()
	t.Cleanup(func() { a.Close(); b.Close() })
	dir, err := os.MkdirTemp("", "fdtx") // the path must be short, and t.TempDir contains the name of the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path, err := a.Listen(dir, "", fdtx.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Connect(ctx, path, late); err != nil {
		t.Fatal(err)
	}
	if err := a.Accept(ctx, late); err != nil {
		t.Fatal(err)
	}
	return a, b
}

func put(t *testing.T, tx *fdtx.FdTx, message string, fds ...int) {
	t.Helper()
	if err := tx.Put(ctx, []byte(message), fds, late); err != nil {
		t.Fatalf("put %.20q with %d descriptors: %v", message, len(fds), err)
	}
}

// wantGot checks the result of a Get, and returns the descriptors, which are closed
// with the test.
func wantGot(t *testing.T, want string, count int) func(message []byte, fds []int, err error) []int {
	return func(message []byte, fds []int, err error) []int {
		t.Helper()
		t.Cleanup(func() { fdtx.CloseAll(fds) })
		if err != nil || string(message) != want || len(fds) != count {
			t.Fatalf("got %.40q, %d descriptors, %v; want %.40q, %d", message, len(fds), err, want, count)
		}
		return fds
	}
}

// open is how many descriptors this process has open, including those that the poller
// opens when it is first used.
func open(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// noneLeft fails the test if a function leaves descriptors open.
func noneLeft(t *testing.T, what string, f func()) {
	t.Helper()
	before := open(t)
	f()
	if after := open(t); after != before {
		t.Errorf("%s: %d descriptors were open before, and %d are after it", what, before, after)
	}
}

// many returns n descriptors of one file.
func many(t *testing.T, n int) []int {
	t.Helper()
	fds := make([]int, n)
	for i := range fds {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		fds[i] = fd
	}
	return fds
}

func isSame(t *testing.T, a, b int) bool {
	t.Helper()
	var one, other unix.Stat_t
	if err := unix.Fstat(a, &one); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fstat(b, &other); err != nil {
		t.Fatal(err)
	}
	return one.Dev == other.Dev && one.Ino == other.Ino
}

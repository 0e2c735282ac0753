package host

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLock: a lock that another process keeps is refused. One that goes away, because the
// process was killed while it started a job, is waited for.
func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(path); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("wanted %v, got %v", unix.EWOULDBLOCK, err)
	}
	time.AfterFunc(Lingers/10, func() { first.Close() })
	second, err := lock(path)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
}

package hub

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// smallDisk is a file system with little room.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fill writes a file until so many bytes are left, and returns how to make room again.
func fill(t *testing.T, dir string, left int64) (free func()) {
	t.Helper()
	d := newDisk(dir, 0)
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 1<<12; size /= 4 {
		for d.free()-int64(size) >= left {
			if _, err := f.Write(make([]byte, size)); err != nil {
				break
			}
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// tryOnce makes a request for a short time, and returns the code of its refusal.
func tryOnce(t *testing.T, l *link.Link, verb string, body any) (code string, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	_, err = l.Request(ctx, verb, body)
	var r *link.Refusal
	if errors.As(err, &r) {
		code = r.Code
	}
	return code, err
}

// The disk gets full and has room again: everybody waits meanwhile, hosts go on, and nothing
// that was answered is lost.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, reserve := range map[string]int64{"reserve": 4 << 20, "unnoticed": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			small := smallDisk(t)
			dir := filepath.Join(small, "hub")
			o := Options{Dir: dir, Reserve: reserve, Audit: true}
			if name == "unnoticed" {
				o.diskInterval = 4 * time.Second
			}
			h := startHub(t, o)
			user := dial(t, h.URL(), wire.User, "anna")
			host := newFakeHost(t, h.URL(), "lab-1", "a", false).up(t)
			submit(t, user, "run-1", 1)
			s := host.one(t)
			free := fill(t, small, 0)
			if reserve > 1 {
				poll.Until(t, "the hub says that the disk is full", h.disk.isFull)
			}
			poll.Until(t, "a run is not accepted", func() bool {
				_, err := tryOnce(t, user, wire.VerbSubmit, submission(wire.NewRunID(), 500))
				return err != nil
			})
			if reserve > 1 {
				code, _ := tryOnce(t, user, wire.VerbSubmit, submission("run-2", 1))
				if code != wire.CodeFull && code != "" {
					t.Errorf("wanted that the disk is full, got %q", code)
				}
				host.mu.Lock()
				before := host.answers
				host.mu.Unlock()
				poll.Until(t, "heartbeats are answered though the disk is full", func() bool {
					host.mu.Lock()
					defer host.mu.Unlock()
					return host.answers > before+2
				})
			} else {
				poll.Until(t, "a write has failed", h.disk.damaged.Load)
			}
			free()
			if _, err := ask(t, host.link, wire.VerbResult, passed(s)); err != nil {
				t.Errorf("wanted that the result is taken when there is room: %v", err)
			}
			submit(t, user, "run-3", 1)
			poll.Until(t, "run-1 has passed and run-3 is there", func() bool {
				return theRun(t, user, "run-1").State == "passed" && theRun(t, user, "run-3").Jobs == 1
			})
			poll.Until(t, "the notes of run-1 are complete", func() bool {
				all := notes(t, user, "run-1")
				return len(all) > 0 && all[len(all)-1].Kind == wire.NoteOver
			})
			host.stop()
			h.Close()
			audit(t, dir)
		})
	}
}

// What the streams may have fits into the disk.
func TestSizesOfStores(t *testing.T) {
	t.Parallel()
	h := startHub(t, Options{})
	ledger, err := h.stores.ledger.Info(poll.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	if most := h.disk.room(); ledger.Config.MaxBytes <= 0 || ledger.Config.MaxBytes > most {
		t.Errorf("wanted a ledger of at most %d bytes, got %d", most, ledger.Config.MaxBytes)
	}
}

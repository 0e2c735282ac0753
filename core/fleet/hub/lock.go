package hub

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lock keeps other processes from the directory: two servers would damage the store. The
// system removes it when the process ends, however that happens.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = errors.New("another hub uses it: end that one first, or choose another directory")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot use the directory %s: %w", dir, err)
	}
	return f, nil
}

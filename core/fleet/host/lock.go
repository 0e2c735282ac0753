package host

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Lingers is how long files of a process that was killed may stay open. If it was starting a
// job, they are also those of the new process, until that has become another program.
const Lingers = 2 * time.Second

// lock locks a file, so that no other process uses the directory. The system removes the lock
// when the process ends. The error is EWOULDBLOCK if another process keeps it.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(Lingers); ; time.Sleep(Lingers / 100) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(end) {
			f.Close()
			return nil, err
		}
	}
}

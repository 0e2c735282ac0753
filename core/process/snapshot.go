package process

import (
	"errors"
	"os"
	"slices"
	"sync"
)

// snapshots are taken one after the other. All callers that arrive while one is taken
// share the next: when a thousand commands end at once, each of them needs one.
var snapshots struct {
	taking sync.Mutex // held while one is taken

	mu   sync.Mutex
	next *sharedSnapshot // which has not begun, nil if nobody needs it
}

type sharedSnapshot struct {
	once     sync.Once
	all      []Stat
	vanished bool
	err      error
}

// snapshot lists the processes in /proc. The list is not atomic: processes may start
// meanwhile. vanished reports whether a process has ended between being listed and
// being read; it may have started others just before. If /proc is mounted with hidepid,
// processes of other users are missing; nothing could be done to them anyway.
func snapshot() (all []Stat, vanished bool, err error) {
	snapshots.mu.Lock()
	if snapshots.next == nil {
		snapshots.next = &sharedSnapshot{}
	}
	s := snapshots.next
	snapshots.mu.Unlock()
	s.once.Do(s.take)
	return slices.Clone(s.all), s.vanished, s.err
}

func (s *sharedSnapshot) take() {
	snapshots.taking.Lock()
	defer snapshots.taking.Unlock()
	snapshots.mu.Lock()
	snapshots.next = nil
	snapshots.mu.Unlock()
	s.all, s.vanished, s.err = takeSnapshot()
}

func takeSnapshot() (all []Stat, vanished bool, err error) {
	names, err := pids()
	if err != nil {
		return nil, false, err
	}
	all = make([]Stat, 0, len(names))
	var buf [statSize]byte
	for _, name := range names {
		s, err := readStat(name, buf[:])
		gone := err == nil && s.Session < 0 // reaped while the kernel wrote the line
		if gone || errors.Is(err, os.ErrNotExist) {
			vanished = true
			continue
		}
		if errors.Is(err, os.ErrPermission) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		all = append(all, s)
	}
	return all, vanished, nil
}

// pids lists the process directories in /proc.
func pids() ([]string, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	numbers := names[:0]
	for _, name := range names {
		if '0' <= name[0] && name[0] <= '9' {
			numbers = append(numbers, name)
		}
	}
	return numbers, nil
}

package leftovers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// listing is a directory that is read many times, but only if it may have changed. It
// stays open, and is not an [os.File], which would allocate memory for each read.
type listing struct {
	fd        int
	unchanged func(l *listing, now unix.Stat_t) bool
	stat      unix.Stat_t // when it was last read
	settled   bool        // see sameTime
	last      []string
}

func open(dir string, unchanged func(*listing, unix.Stat_t) bool) (*listing, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	return &listing{fd: fd, unchanged: unchanged}, nil
}

// sameCount is for /proc/self/fd, whose size is the number of descriptors since Linux
// 6.2, and 0 before. New descriptors get the lowest free number, so the same count
// means the same descriptors, unless an older one was closed and a newer one kept.
func sameCount(l *listing, now unix.Stat_t) bool { return now.Size > 0 && now.Size == l.stat.Size }

// tick is longer than the resolution of file times.
const tick = 50 * time.Millisecond

// sameTime is for a directory of a file system. Two changes within a short time may
// leave the same time.
func sameTime(l *listing, now unix.Stat_t) bool { return l.settled && now.Mtim == l.stat.Mtim }

// names lists the names in the directory. Later calls may return the same slice.
func (l *listing) names(buffer []byte) []string {
	var now unix.Stat_t
	if unix.Fstat(l.fd, &now) != nil || l.unchanged(l, now) {
		return l.last
	}
	if _, err := unix.Seek(l.fd, 0, 0); err != nil {
		return l.last
	}
	l.stat, l.last = now, nil
	l.settled = time.Since(time.Unix(now.Mtim.Unix())) > tick
	for {
		n, err := unix.Getdents(l.fd, buffer)
		if err != nil || n == 0 {
			return l.last
		}
		l.last = append(l.last, parse(buffer[:n])...)
	}
}

// parse reads the entries of getdents64(2): the inode and the offset, of 8 bytes each,
// the length of the entry, its type, and the name.
func parse(raw []byte) (names []string) {
	const nameAt = int(unsafe.Offsetof(unix.Dirent{}.Name))
	for len(raw) > nameAt {
		length := int(binary.NativeEndian.Uint16(raw[16:]))
		if length <= nameAt || length > len(raw) {
			break
		}
		name, _, _ := bytes.Cut(raw[nameAt:length], []byte{0})
		if text := string(name); text != "." && text != ".." {
			names = append(names, text)
		}
		raw = raw[length:]
	}
	return names
}

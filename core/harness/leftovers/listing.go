package leftovers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// listing is a directory that is read again and again: it is kept open, and not
// by an [os.File], which would allocate for each reading.
type listing struct {
	fd   int
	last []string
	raw  []byte // the directory's entries as they were read last
}

func open(dir string) (*listing, error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	return &listing{fd: fd}, nil
}

// names are those in the directory. The result is shared with later calls.
func (l *listing) names(buffer []byte) []string {
	if _, err := unix.Seek(l.fd, 0, 0); err != nil {
		return l.last
	}
	var raw []byte
	for {
		n, err := unix.Getdents(l.fd, buffer)
		if err != nil || n == 0 {
			break
		}
		if raw == nil {
			raw = buffer[:n]
			if bytes.Equal(raw, l.raw) {
				return l.last
			}
			raw = bytes.Clone(raw)
			continue
		}
		raw = append(raw, buffer[:n]...)
	}
	l.raw, l.last = raw, parse(raw)
	return l.last
}

// parse reads the entries of getdents64(2): behind the inode and the offset,
// of 8 bytes each, the length of the entry, its type, and the name.
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

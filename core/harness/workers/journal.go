package workers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// journal is what a worker reports, as its parent reads it.
type journal struct {
	file *os.File
	bell io.Reader // the socket
	at   int64     // how much of the file has been read
	rest []byte    // what was read but not returned yet

	ended error // error of the bell: nothing more will come
}

// next waits for the next report of the worker. If the worker has died and all its
// reports were read, it returns the error of the bell.
func (j *journal) next() (w word, err error) {
	for {
		line, rest, whole := bytes.Cut(j.rest, []byte{'\n'})
		if whole {
			j.rest = rest
			return w, json.Unmarshal(line, &w)
		}
		if n, err := j.read(); err != nil || n > 0 {
			if err != nil {
				return w, err
			}
			continue
		}
		if j.ended != nil {
			return w, j.ended
		}
		j.ended = j.wait() // what was written before the end is still read
	}
}

// read reads what is new in the file.
func (j *journal) read() (n int, err error) {
	const most = 64 << 10
	j.rest = slices.Grow(j.rest, most)
	n, err = j.file.ReadAt(j.rest[len(j.rest):cap(j.rest)], j.at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	j.rest, j.at = j.rest[:len(j.rest)+n], j.at+int64(n)
	return n, err
}

// wait waits for the bell.
func (j *journal) wait() error {
	var bells [256]byte
	_, err := j.bell.Read(bells[:])
	return err
}

// clear empties the journal of an idle worker, because it occupies memory.
func (j *journal) clear() {
	if len(j.rest) == 0 && j.file.Truncate(0) == nil {
		j.at = 0
	}
}

// newMemory creates an anonymous file in memory. All writes to it append.
func newMemory(purpose string) (*os.File, error) {
	fd, err := unix.MemfdCreate(purpose, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("file for the %s of a worker: %w", purpose, err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFL, unix.O_APPEND|unix.O_RDWR); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), purpose+" of a worker"), nil
}

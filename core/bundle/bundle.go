// Package bundle reads and writes scripts and files that are part of the program: an
// archive of them follows the end of the executable.
//
// The archive begins where the sections of the ELF file end: with a mark, the length and
// the SHA-256 of the index, the index as JSON, and then the contents. The index has the
// place and the sum of each content. So the first page shows that a program has no archive,
// and an archive that was cut off is noticed. See [Self] and [Make].
package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	mark       = "\navescript bundle 1\n"
	headerSize = len(mark) + 8 + sha256.Size

	maxIndex = 16 << 20 // bytes
	maxSize  = 1 << 30  // bytes of all contents

	self = "/proc/self/exe"
)

// Entry is a content of a bundle.
type Entry struct {
	Name   string `json:"name"` // of the file, as it was given when the bundle was made
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	Sum    string `json:"sha256"`
}

// index lists the contents of the archive.
type index struct {
	Script  Entry            `json:"script"`
	Modules map[string]Entry `json:"modules"` // by the names that require takes
	Files   []Entry          `json:"files"`   // by their names
	Size    int64            `json:"size"`    // of all contents
}

// Bundle is an archive that can be read.
type Bundle struct {
	index
	path  string // of the executable
	begin int64  // of the contents
}

// Self is the bundle in this program; nil if there is none. An error says what is wrong
// with it.
var Self = sync.OnceValues(func() (*Bundle, error) { return Open(self) })

// damagedError is the error for a file whose bundle, or the program in front of it, is not
// as it was made.
type damagedError struct{ err error }

func (e *damagedError) Error() string {
	return fmt.Sprintf("the bundle in this program is damaged: %s; copy the program again, or make a new one with avescript bundle", e.err)
}

func (e *damagedError) Unwrap() error { return e.err }

// Open finds the bundle in an executable; nil if there is none. If the executable cannot be
// read, that is an error: otherwise avescript would run in the place of the bundle.
func Open(path string) (*Bundle, error) {
	fd, err := openFile(path)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil // for example without /proc: there is no bundle to find
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read this program, which may have a bundle: %w", err)
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, err
	}
	file := descriptor(fd)
	end, err := programEnd(file)
	switch {
	case err != nil || stat.Size == end:
		return nil, nil
	case stat.Size < end:
		return nil, errCut
	}
	b, err := read(file, end, stat.Size)
	if err != nil {
		return nil, &damagedError{err}
	}
	if b != nil {
		b.path = path
	}
	return b, nil
}

// errCut is that of a program nobody knows any more whether it had a bundle.
var errCut = errors.New("the end of this program is missing: copy it again")

func openFile(path string) (fd int, err error) {
	for {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}

// descriptor is read at offsets.
type descriptor int

func (fd descriptor) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		more, err := unix.Pread(int(fd), p[n:], offset+int64(n))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return n, err
		case more == 0:
			return n, io.EOF
		}
		n += more
	}
	return n, nil
}

// read reads the index behind the end of the program. It returns nil if there is something
// else.
func read(file io.ReaderAt, end, size int64) (*Bundle, error) {
	header := make([]byte, min(int64(headerSize), size-end))
	if _, err := file.ReadAt(header, end); err != nil {
		return nil, err
	}
	marked := header[:min(len(header), len(mark))]
	switch {
	case !bytes.HasPrefix([]byte(mark), marked):
		return nil, nil
	case len(header) < headerSize:
		return nil, errors.New("its end is missing")
	}
	length := binary.BigEndian.Uint64(header[len(mark):])
	begin := end + int64(headerSize)
	switch {
	case length > maxIndex:
		return nil, fmt.Errorf("its index has %d bytes, wanted at most %d", length, maxIndex)
	case int64(length) > size-begin:
		return nil, errors.New("its end is missing")
	}
	text := make([]byte, length)
	if _, err := file.ReadAt(text, begin); err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(text); !bytes.Equal(sum[:], header[len(mark)+8:]) {
		return nil, errors.New("its index was changed")
	}
	b := &Bundle{begin: begin + int64(length)}
	if err := json.Unmarshal(text, &b.index); err != nil {
		return nil, fmt.Errorf("its index: %w", err)
	}
	if b.Size < 0 || b.Size > maxSize {
		return nil, fmt.Errorf("its contents have %d bytes, wanted at most %d", b.Size, maxSize)
	}
	if missing := b.begin + b.Size - size; missing > 0 {
		return nil, fmt.Errorf("%d bytes at its end are missing", missing)
	}
	return b, nil
}

// Script is the main script, with the name of its file.
func (b *Bundle) Script() (name string, text []byte, err error) {
	text, err = b.content(b.index.Script)
	return b.index.Script.Name, text, err
}

// Module is a module by the name that require takes; ok is false if the bundle has none.
func (b *Bundle) Module(name string) (file string, text []byte, ok bool, err error) {
	entry, ok := b.Modules[name]
	if !ok {
		return "", nil, false, nil
	}
	text, err = b.content(entry)
	return entry.Name, text, true, err
}

// Files are the names of the files, in alphabetical order.
func (b *Bundle) Files() []string {
	names := []string{}
	for _, entry := range b.index.Files {
		names = append(names, entry.Name)
	}
	slices.Sort(names)
	return names
}

// File is the content of a file; ok is false if the bundle has none of this name.
func (b *Bundle) File(name string) (content []byte, ok bool, err error) {
	i := slices.IndexFunc(b.index.Files, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return nil, false, nil
	}
	content, err = b.content(b.index.Files[i])
	return content, true, err
}

// content reads an entry, and compares it with its sum.
func (b *Bundle) content(e Entry) ([]byte, error) {
	damaged := func(err error) error {
		return fmt.Errorf("the bundle in this program is damaged: %s: %w", e.Name, err)
	}
	if e.Offset < 0 || e.Size < 0 || e.Size > b.Size || e.Offset > b.Size-e.Size {
		return nil, damaged(errors.New("its place is outside of the archive"))
	}
	file, err := os.Open(b.path)
	if err != nil {
		return nil, damaged(err)
	}
	defer file.Close()
	content := make([]byte, e.Size)
	if _, err := file.ReadAt(content, b.begin+e.Offset); err != nil {
		return nil, damaged(err)
	}
	if sumOf(content) != e.Sum {
		return nil, damaged(errors.New("its content was changed"))
	}
	return content, nil
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

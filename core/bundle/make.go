package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"unicode/utf8"

	"avescript/core/files"
)

// Source is a content that goes into a bundle, with the name of its file.
type Source struct {
	Name    string
	Content []byte
}

// Contents are what goes into a bundle.
type Contents struct {
	Script  Source
	Modules map[string]Source // by the names that require takes
	Files   []Source
}

// Make writes an executable with this program and the contents. A bundle in this program is
// left out. The executable is written as a whole or not at all, and everybody may run it.
// An existing file at path is only replaced if it is an executable with a bundle, or with
// force. Anything other than a regular file is never replaced.
func Make(ctx context.Context, path string, contents Contents, force bool) error {
	if err := replaceable(path, force); err != nil {
		return err
	}
	program, err := os.Open(self)
	if err != nil {
		return err
	}
	defer program.Close()
	end, err := programEnd(program)
	if err != nil {
		return fmt.Errorf("cannot make a bundle of this program: %w", err)
	}
	archive, err := contents.archive()
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o755)
	_, err = files.Write(ctx, path, io.MultiReader(io.NewSectionReader(program, 0, end), archive), &mode)
	return err
}

func replaceable(path string, force bool) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("cannot write %s: it exists and is not a regular file", path)
	case force:
		return nil
	}
	b, err := Open(path)
	if _, isDamaged := errors.AsType[*damagedError](err); b != nil || isDamaged {
		return nil
	}
	return fmt.Errorf("cannot write %s: a file exists that avescript bundle has not made; use --force to replace it", path)
}

// archive returns the bytes that follow the program.
func (c *Contents) archive() (io.Reader, error) {
	var all index
	var contents []io.Reader
	add := func(s Source) Entry {
		entry := Entry{Name: s.Name, Offset: all.Size, Size: int64(len(s.Content)), Sum: sumOf(s.Content)}
		all.Size += entry.Size
		contents = append(contents, bytes.NewReader(s.Content))
		return entry
	}
	all.Script, all.Modules = add(c.Script), map[string]Entry{}
	for _, name := range slices.Sorted(maps.Keys(c.Modules)) { // so that equal contents give equal bytes
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("cannot put the module %q into a bundle: wanted UTF-8 for its name", name)
		}
		all.Modules[name] = add(c.Modules[name])
	}
	for _, file := range c.Files {
		if !utf8.ValidString(file.Name) {
			return nil, fmt.Errorf("cannot put the file %q into a bundle: wanted UTF-8 for its name", file.Name)
		}
		all.Files = append(all.Files, add(file))
	}
	if all.Size > maxSize {
		return nil, fmt.Errorf("the contents of the bundle have %d bytes: wanted at most %d", all.Size, maxSize)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	if len(text) > maxIndex {
		return nil, fmt.Errorf("the index of the bundle has %d bytes: wanted at most %d", len(text), maxIndex)
	}
	sum := sha256.Sum256(text)
	header := binary.BigEndian.AppendUint64([]byte(mark), uint64(len(text)))
	header = slices.Concat(header, sum[:], text)
	return io.MultiReader(append([]io.Reader{bytes.NewReader(header)}, contents...)...), nil
}

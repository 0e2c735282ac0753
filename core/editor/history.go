package editor

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// historyLimit is how many texts are kept.
const historyLimit = 2000

// History contains the texts that were edited, oldest first. In its file each text is
// one line, a JSON string, even if it has several lines. Programs that use the file at
// the same time share their texts.
type History struct {
	path    string
	entries []string
	read    int64 // how much of the file is in entries
	file    os.FileInfo
}

// OpenHistory reads a history from a file, which is created if needed. Only its owner
// can read it, because texts may contain keys.
func OpenHistory(path string) (*History, error) {
	h := &History{path: path}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return h, h.locked(h.shorten)
}

// Add appends a text, unless it is the same as the last one or begins with a blank,
// which is the way to keep a text out of the history.
func (h *History) Add(text string) {
	text = strings.TrimRight(text, " \t\n")
	if text == "" || text[0] == ' ' || text[0] == '\t' {
		return
	}
	h.refresh()
	if n := len(h.entries); n > 0 && h.entries[n-1] == text {
		return
	}
	if h.path == "" || h.locked(func(f *os.File) error { return h.append(f, text) }) != nil {
		h.entries = append(h.entries, text) // even if it cannot be written
	}
}

func (h *History) append(f *os.File, text string) error {
	line, err := json.Marshal(text)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return h.readNew(f)
}

// refresh reads what other programs have added.
func (h *History) refresh() {
	if h.path != "" {
		_ = h.locked(h.readNew) // if it fails, the entries stay as they are
	}
}

// locked opens the file and calls do while no other process does so.
func (h *History) locked(do func(f *os.File) error) error {
	for {
		f, err := os.OpenFile(h.path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		again, err := h.within(f, do)
		if err = errors.Join(err, f.Close()); !again || err != nil {
			return err
		}
	}
}

// within holds the lock until the file is closed. If another process has replaced the
// file meanwhile, it must be opened again.
func (h *History) within(f *os.File, do func(f *os.File) error) (again bool, err error) {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if current, err := os.Stat(h.path); err != nil || !os.SameFile(info, current) {
		return true, nil
	}
	if h.file == nil || !os.SameFile(info, h.file) || info.Size() < h.read {
		h.entries, h.read = nil, 0
	}
	h.file = info
	return false, do(f)
}

func (h *History) readNew(f *os.File) error {
	if _, err := f.Seek(h.read, io.SeekStart); err != nil {
		return err
	}
	added, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	added = added[:bytes.LastIndexByte(added, '\n')+1]
	h.read += int64(len(added))
	for line := range bytes.Lines(added) {
		line = bytes.TrimRight(line, "\n")
		var text string
		if json.Unmarshal(line, &text) != nil {
			text = string(line) // a line of an older format
		}
		if text != "" {
			h.entries = append(h.entries, clean(text))
		}
	}
	return nil
}

// shorten reads the file, and keeps only the last half if it is too long.
func (h *History) shorten(f *os.File) error {
	if err := h.readNew(f); err != nil || len(h.entries) <= historyLimit {
		return err
	}
	var kept bytes.Buffer
	h.entries = h.entries[len(h.entries)-historyLimit/2:]
	for _, text := range h.entries {
		line, err := json.Marshal(text)
		if err != nil {
			return err
		}
		kept.Write(append(line, '\n'))
	}
	shorter := h.path + ".new"
	if err := os.WriteFile(shorter, kept.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(shorter, h.path)
}

package coverage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ChoiceOf returns which files are counted by a measurement, by its directory.
func ChoiceOf(dir string) (choice Choice, err error) {
	text, err := os.ReadFile(filepath.Join(dir, choiceFile))
	if err == nil {
		err = json.Unmarshal(text, &choice)
	}
	if err != nil {
		return choice, fmt.Errorf("coverage: %w", err)
	}
	return choice, nil
}

// Merge adds what was counted elsewhere, in the directory from, to a measurement. The
// machine must have the same byte order. Files that the measurement leaves out, and other
// versions of files, change nothing.
func Merge(dir, from string) error {
	choice, err := ChoiceOf(dir)
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(from, "*"+suffix))
	if err != nil {
		return err
	}
	for _, path := range paths {
		theirs, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("coverage: %w", err)
		}
		name, _, err := parse(theirs)
		if err != nil {
			return err
		}
		if !filepath.IsLocal(name) || !choice.has(name) {
			continue
		}
		if err := add(filepath.Join(dir, filepath.Base(path)), theirs); err != nil {
			return err
		}
	}
	return nil
}

// add adds counters to those of a file. No other process may be counting.
func add(path string, theirs []byte) error {
	ours, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		ours = theirs
	case err != nil:
		return fmt.Errorf("coverage: %w", err)
	case len(ours) != len(theirs):
		return fmt.Errorf("coverage: wanted %d bytes in %s, got %d", len(theirs), path, len(ours))
	default:
		instructions := int(binary.NativeEndian.Uint32(theirs))
		for at := len(ours) - instructions*counterSize; at < len(ours); at += counterSize {
			count := binary.NativeEndian.Uint64(ours[at:]) + binary.NativeEndian.Uint64(theirs[at:])
			binary.NativeEndian.PutUint64(ours[at:], count)
		}
	}
	if err := os.WriteFile(path, ours, 0o600); err != nil {
		return fmt.Errorf("coverage: %w", err)
	}
	return nil
}

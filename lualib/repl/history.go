package repl

import (
	"bytes"
	"os"
	"path/filepath"
)

// historyLimit is how many lines are kept.
const historyLimit = 2000

// HistoryFile is where a user's history belongs by the XDG Base Directory
// Specification, or "" when there is no home.
func HistoryFile() string {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err != nil || !filepath.IsAbs(home) {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "avescript", "history")
}

// prepareHistory makes the file, which is for its owner alone because what is
// typed may have keys in it. A long one is cut to its last half here, and not
// by the line editor, which would make a file that everybody can read.
func prepareHistory(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	if len(lines) <= historyLimit {
		return nil
	}
	shorter := path + ".new"
	if err := os.WriteFile(shorter, bytes.Join(lines[len(lines)-historyLimit/2:], nil), 0o600); err != nil {
		return err
	}
	return os.Rename(shorter, path)
}

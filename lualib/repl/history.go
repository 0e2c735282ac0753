package repl

import (
	"os"
	"path/filepath"
)

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

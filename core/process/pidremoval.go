package process

import (
	"os"
	"path/filepath"
	"sync"
)

// held are the pid files that this process holds.
var held heldFiles

type heldFiles struct {
	mu    sync.Mutex
	files map[string]int // descriptors by path
}

func (h *heldFiles) add(path string, fd int) {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute // the process may change its directory
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.files == nil {
		h.files = map[string]int{}
	}
	h.files[path] = fd
}

// RemovePidFiles removes the pid files of this process, which is about to end. It still
// holds them: another process that uses the path from now on creates a new file.
func RemovePidFiles() {
	held.mu.Lock()
	defer held.mu.Unlock()
	for path, fd := range held.files {
		if isAt(fd, path) {
			_ = os.Remove(path) // a file that stays is stale
		}
	}
	held.files = nil
}

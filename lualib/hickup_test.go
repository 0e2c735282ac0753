package lualib

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A service has as many goroutines as clients, and all are in the file.
func TestHickupFileHasAllGoroutines(t *testing.T) {
	const many = 5000
	release := make(chan struct{})
	var begun, ended sync.WaitGroup
	begun.Add(many)
	for range many {
		ended.Go(func() {
			begun.Done()
			<-release
		})
	}
	begun.Wait()
	defer ended.Wait()
	defer close(release)
	// Some may be on their way still to where all wait.
	for deadline := time.Now().Add(20 * time.Second); ; {
		text := savedHickup(t)
		if strings.Contains(text, "Lua's part\n") && strings.Contains(text, "\n5000 @ ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %.1000s", text)
		}
	}
}

func savedHickup(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	if err := saveHickup(home, "a/b", []byte("Lua's part\n")); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(home, ".ave/hickup/*-a_b-*"))
	if len(files) != 1 {
		t.Fatalf("got the files %v", files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

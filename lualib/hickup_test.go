package lualib

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
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
	home := t.TempDir()
	err := saveHickup(home, "a/b", []byte("Lua's part\n"))
	close(release)
	ended.Wait()
	if err != nil {
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
	for _, want := range []string{"Lua's part\n", "\n5000 @ ", "TestHickupFileHasAllGoroutines"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the file lacks %q", want)
		}
	}
}

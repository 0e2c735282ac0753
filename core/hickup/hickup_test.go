package hickup

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"avescript/core/process"
	"avescript/internal/poll"
)

// A service has as many goroutines as clients, and the file contains all of them.
func TestFileHasAllGoroutines(t *testing.T) {
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
	// Some may not be blocked yet.
	var text string
	if !poll.Holds(func() bool {
		text = written(t)
		return strings.Contains(text, "the caller's part\n") && strings.Contains(text, "\n5000 @ ")
	}) {
		t.Fatalf("got %.1000s", text)
	}
}

func written(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	if err := Write(home, "a/b", []byte("the caller's part\n")); err != nil {
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

// sleeper starts a child with a name, which SIGUSR1 ends.
func sleeper(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(sleep, link); err != nil {
		t.Fatal(err)
	}
	child := &exec.Cmd{Path: link, Args: []string{"sleep", "1000"}}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	})
	return child
}

func TestChildrenAreSignalled(t *testing.T) {
	ours, another := sleeper(t, process.NamePrefix+"sleep"), sleeper(t, "sleep")
	written(t)
	if err := another.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for child, want := range map[*exec.Cmd]syscall.Signal{ours: syscall.SIGUSR1, another: syscall.SIGTERM} {
		_ = child.Wait()
		if status := child.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != want {
			t.Errorf("%s: got %v, wanted the end by signal %d", child.Path, child.ProcessState, want)
		}
	}
}

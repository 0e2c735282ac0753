package script_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"avescript/lualib/script"
)

// setStdin makes f the standard input, until the test ends.
func setStdin(t *testing.T, f *os.File) {
	t.Helper()
	old, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Dup3(old, 0, 0)
		_ = syscall.Close(old)
	})
	if err := syscall.Dup3(int(f.Fd()), 0, 0); err != nil {
		t.Fatal(err)
	}
}

func TestStdinIsAFIFOWhoseWriterHasGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := f.WriteString("print(1)"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	setStdin(t, reader)
	read := make(chan string, 1)
	go func() {
		stdin := script.OpenStdin()
		defer stdin.Close()
		text, err := io.ReadAll(stdin)
		if err != nil {
			t.Error(err)
		}
		read <- string(text)
	}()
	if text := wait(t, read); text != "print(1)" {
		t.Errorf("got %q", text)
	}
}

func TestReadsFromStdinAreInterrupted(t *testing.T) {
	pipe, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer writer.Close()
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer terminal.Close()
	for name, f := range map[string]*os.File{"pipe": pipe, "terminal": terminal} {
		setStdin(t, f)
		stdin := script.OpenStdin()
		ctx, cancel := context.WithCancel(context.Background())
		stop := script.InterruptReads(ctx, stdin)
		failed := make(chan error, 1)
		go func() {
			_, err := stdin.Read(make([]byte, 1))
			failed <- err
		}()
		time.AfterFunc(10*time.Millisecond, cancel)
		if err := wait(t, failed); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: got %v, want %v", name, err, os.ErrDeadlineExceeded)
		}
		stop()
		stdin.Close()
	}
}

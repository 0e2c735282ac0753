package process

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestReadStatOfThisProcess(t *testing.T) {
	s, err := ReadStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if s.PID != os.Getpid() || s.Parent != os.Getppid() || s.Group != syscall.Getpgrp() || s.Threads < 1 || s.Dead() {
		t.Errorf("got %+v", s)
	}
}

func TestReadStatOfANameMadeToMislead(t *testing.T) {
	const name = "a) Z 1 (b\n"
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	copyFile(t, sleep, path)
	child := exec.Command(path, "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	s, err := ReadStat(child.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if s.Comm != name || s.Parent != os.Getpid() || s.Dead() {
		t.Errorf("got %+v", s)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	src, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(dst, src); err != nil {
		t.Fatal(err)
	}
	if err := dst.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReadStatOfNobody(t *testing.T) {
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadStat(child.Process.Pid); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want os.ErrNotExist", err)
	}
}

func TestParseStatRefusesWhatIsNoStatLine(t *testing.T) {
	for _, line := range []string{
		"", "(", ")(", "1 sh S 1", "1 (sh)", "1 (sh) S 1 2 3",
		"x (sh) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0",
		"1 (sh) S 1 x 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99 0",
		"1 (sh) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 -9 0",
	} {
		if s, err := parseStat([]byte(line)); err == nil {
			t.Errorf("%q: got %+v, want an error", line, s)
		}
	}
}

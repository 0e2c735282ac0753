package fdtx_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/core/fdtx"
	"avescript/internal/goroutines"
	"avescript/internal/reexec"
)

func listen(t *testing.T, dir, name string, options fdtx.ListenOptions) (*fdtx.FdTx, string) {
	t.Helper()
	tx := fdtx.New()
	t.Cleanup(func() { tx.Close() })
	path, err := tx.Listen(dir, name, options)
	if err != nil {
		t.Fatal(err)
	}
	return tx, path
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.Mode() != want {
		t.Errorf("%s: got %v, %v, want %v", path, info.Mode(), err, want)
	}
}

func TestTheFileIsForTheOwnerAlone(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	dir := filepath.Join(t.TempDir(), "a", "b")
	tx, path := listen(t, dir, "", fdtx.ListenOptions{})
	if filepath.Dir(path) != dir {
		t.Errorf("wanted a file in %s, got %s", dir, path)
	}
	wantMode(t, path, fs.ModeSocket|0o600)
	wantMode(t, dir, fs.ModeDir|0o700)
	wantMode(t, filepath.Dir(dir), fs.ModeDir|0o700)
	if _, other := listen(t, dir, "", fdtx.ListenOptions{}); other == path {
		t.Errorf("two listen on %s", path)
	}
	if err := errors.Join(tx.Close(), tx.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of a closed socket: %v", err)
	}
}

func TestOthersAreLetInIfThatIsAskedFor(t *testing.T) {
	defer unix.Umask(unix.Umask(0o77))
	dir := filepath.Join(t.TempDir(), "open")
	_, path := listen(t, dir, "door", fdtx.ListenOptions{Mode: 0o666, DirMode: 0o755})
	if path != filepath.Join(dir, "door") {
		t.Errorf("got %s", path)
	}
	wantMode(t, path, fs.ModeSocket|0o666)
	wantMode(t, dir, fs.ModeDir|0o755)
}

func TestWhatCannotBeListenedOn(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	listen(t, dir, "socket", fdtx.ListenOptions{})
	for _, c := range []struct{ dir, name, want string }{
		{dir, "file", "listen on " + file + ": file already exists"},
		{dir, "socket", "listen on " + dir + "/socket: file already exists"},
		{file, "x", "make the directory of a socket file: mkdir " + file + ": not a directory"},
		{dir, "a/b", `wanted a file name without a directory, got "a/b"`},
		{dir, "..", `wanted a file name without a directory, got ".."`},
		{dir, strings.Repeat("x", 108), "wanted a path of 1 to 107 bytes for a socket file, got "},
	} {
		noneLeft(t, c.name, func() {
			if _, err := fdtx.New().Listen(c.dir, c.name, fdtx.ListenOptions{}); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s in %s: got %v", c.name, c.dir, err)
			}
		})
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "kept" {
		t.Errorf("the file that was there: %q, %v", text, err)
	}
}

func TestCloseRemovesItsOwnFileOnly(t *testing.T) {
	tx, path := listen(t, t.TempDir(), "socket", fdtx.ListenOptions{})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	listen(t, filepath.Dir(path), "socket", fdtx.ListenOptions{})
	if err := tx.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the file of another one: %v", err)
	}
}

func TestConnectWaitsForThePeer(t *testing.T) {
	dir := t.TempDir()
	connected := make(chan error, 1)
	late1 := fdtx.New()
	defer late1.Close()
	go func() { connected <- late1.Connect(ctx, filepath.Join(dir, "socket"), late) }()
	early, _ := listen(t, dir, "socket", fdtx.ListenOptions{})
	if err := early.Accept(ctx, late); err != nil {
		t.Error(err)
	}
	if err := <-connected; err != nil {
		t.Error(err)
	}
}

func TestConnectAndAcceptTimeOut(t *testing.T) {
	tx := fdtx.New()
	path := filepath.Join(t.TempDir(), "nobody")
	for _, timeout := range []time.Duration{0, soon} {
		err := tx.Connect(ctx, path, timeout)
		if !errors.Is(err, exceptions.Timeout) || err.Error() != "timed out: connect to "+path+": no such file or directory" {
			t.Errorf("connect within %v: %v", timeout, err)
		}
	}
	tx, _ = listen(t, t.TempDir(), "", fdtx.ListenOptions{})
	for _, timeout := range []time.Duration{0, soon} {
		if err := tx.Accept(ctx, timeout); !errors.Is(err, exceptions.Timeout) || err.Error() != "timed out" {
			t.Errorf("accept within %v: %v", timeout, err)
		}
	}
}

func TestConnectAndAcceptEndWithTheirContext(t *testing.T) {
	cancelled, cancel := context.WithCancel(ctx)
	goroutines.WhenBlocked(t, "fdtx.(*FdTx).Connect", cancel)
	if err := fdtx.New().Connect(cancelled, filepath.Join(t.TempDir(), "nobody"), late); !errors.Is(err, context.Canceled) {
		t.Errorf("connect: %v", err)
	}
	tx, _ := listen(t, t.TempDir(), "", fdtx.ListenOptions{})
	cancelled, cancel = context.WithCancel(ctx)
	goroutines.WhenBlocked(t, "fdtx.(*FdTx).Accept", cancel)
	if err := tx.Accept(cancelled, late); !errors.Is(err, context.Canceled) {
		t.Errorf("accept: %v", err)
	}
}

func TestCloseEndsConnectAndAccept(t *testing.T) {
	tx := fdtx.New()
	goroutines.WhenBlocked(t, "fdtx.(*FdTx).Connect", func() { tx.Close() })
	if err := tx.Connect(ctx, filepath.Join(t.TempDir(), "nobody"), late); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("connect: %v", err)
	}
	tx, _ = listen(t, t.TempDir(), "", fdtx.ListenOptions{})
	goroutines.WhenBlocked(t, "fdtx.(*FdTx).Accept", func() { tx.Close() })
	if err := tx.Accept(ctx, late); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("accept: %v", err)
	}
	for name, err := range map[string]error{"accept": tx.Accept(ctx, late), "put": tx.Put(ctx, []byte("x"), nil, late)} {
		if !errors.Is(err, exceptions.ConnectionClosed) {
			t.Errorf("%s of one that is closed: %v", name, err)
		}
	}
}

func TestAnotherAcceptTakesThePlaceOfTheFirst(t *testing.T) {
	tx, path := listen(t, t.TempDir(), "", fdtx.ListenOptions{})
	first, second := fdtx.New(), fdtx.New()
	defer first.Close()
	defer second.Close()
	for _, peer := range []*fdtx.FdTx{first, second} {
		if err := errors.Join(peer.Connect(ctx, path, late), tx.Accept(ctx, late)); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := first.Get(ctx, 1, 0, late); !errors.Is(err, exceptions.ConnectionClosed) {
		t.Errorf("the first one: %v", err)
	}
	put(t, tx, "hello")
	wantGot(t, "hello", 0)(second.Get(ctx, 100, 0, late))
}

func TestThePeersUser(t *testing.T) {
	tx, path := listen(t, t.TempDir(), "", fdtx.ListenOptions{})
	me, nobody := os.Geteuid(), 65534
	want := fmt.Sprintf("wanted a peer with the uid %d, got process %d with %d", nobody, os.Getpid(), me)
	peer := fdtx.New()
	defer peer.Close()
	if err := peer.Connect(ctx, path, late, nobody); !errors.Is(err, exceptions.AuthError) || err.Error() != want {
		t.Errorf("connect: %v", err)
	}
	if err := tx.Accept(ctx, late, nobody); !errors.Is(err, exceptions.AuthError) || err.Error() != want {
		t.Errorf("accept: %v", err)
	}
	if err := errors.Join(peer.Connect(ctx, path, late, nobody, me), tx.Accept(ctx, late, nobody, me)); err != nil {
		t.Errorf("one of those who are expected: %v", err)
	}
}

func TestAStranger(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start a process as somebody else")
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("", "fdtx-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(dir+"/test", program, 0o755), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	tx, path := listen(t, dir, "open", fdtx.ListenOptions{Mode: 0o666})
	connect := func() *exec.Cmd {
		cmd := reexec.Command("stranger", path)
		cmd.Path = dir + "/test"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, Pdeathsig: syscall.SIGKILL}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	cmd := connect()
	want := fmt.Sprintf("wanted a peer with the uid 0, got process %d with %d", cmd.Process.Pid, nobody)
	if err := tx.Accept(ctx, late); !errors.Is(err, exceptions.AuthError) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("one that is turned away: %v", err)
	}
	cmd = connect()
	if err := tx.Accept(ctx, late, nobody); err != nil {
		t.Errorf("one that is expected: %v", err)
	}
	put(t, tx, "x")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

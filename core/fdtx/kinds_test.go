package fdtx_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/fdtx"
	"avescript/core/pipe"
)

// send sends a descriptor and returns the copy that arrives, which is closed
// automatically.
func send(t *testing.T, fd int) int {
	t.Helper()
	a, b := pair(t)
	put(t, a, "x", fd)
	_, fds, err := b.Get(ctx, 1, 1, late)
	if err != nil || len(fds) != 1 {
		t.Fatalf("got %v, %v", fds, err)
	}
	return fds[0]
}

func sendFile(t *testing.T, file *os.File) *os.File {
	t.Helper()
	got := os.NewFile(uintptr(send(t, int(file.Fd()))), "received")
	t.Cleanup(func() { got.Close() })
	return got
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	file.WriteString("one ")
	got := sendFile(t, file)
	file.Close()
	got.WriteString("two") // at the offset that the sender has reached
	if text, err := os.ReadFile(path); err != nil || string(text) != "one two" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestPipeOfTheSystem(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := sendFile(t, w)
	w.Close()
	got.WriteString("through")
	got.Close()
	if text, err := io.ReadAll(r); err != nil || string(text) != "through" {
		t.Errorf("got %q, %v; the end of a pipe comes when no copy of it is open", text, err)
	}
}

func TestPseudoterminal(t *testing.T) {
	master, replica, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer replica.Close()
	got := sendFile(t, master)
	master.Close()
	if err := pty.Setsize(got, &pty.Winsize{Rows: 7, Cols: 70}); err != nil {
		t.Fatal(err)
	}
	if size, err := pty.GetsizeFull(replica); err != nil || size.Rows != 7 || size.Cols != 70 {
		t.Errorf("got %v, %v", size, err)
	}
}

func TestListeningAndConnectedSockets(t *testing.T) {
	ours := connection.Address{Host: "127.0.0.1"}
	listener, err := connection.NewBlockingConnection(ours, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Listen(); err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", listener.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server := fromCopy(t, listener)
	conn, err := server.Accept(ctx, late)
	if err != nil {
		t.Fatal(err)
	}
	conn = fromCopy(t, conn)
	if err := conn.Write(ctx, []byte("hello"), late); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(client, got); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}

// fromCopy closes a connection and returns one that is made from a copy.
func fromCopy(t *testing.T, c *connection.BlockingConnection) *connection.BlockingConnection {
	t.Helper()
	fd, err := c.Fileno()
	if err != nil {
		t.Fatal(err)
	}
	received, err := connection.FromFd(send(t, fd), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { received.Close() })
	c.Close()
	return received
}

func TestPipe(t *testing.T) {
	ours, theirs, err := pipe.New()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	fd, err := theirs.Fileno()
	if err != nil {
		t.Fatal(err)
	}
	received, err := pipe.FromFd(send(t, fd), nil)
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	defer received.Close()
	if err := ours.Put(ctx, []byte(`{"n":1}`), late); err != nil {
		t.Fatal(err)
	}
	if value, err := received.Get(ctx, late); err != nil || string(value) != `{"n":1}` {
		t.Errorf("got %s, %v", value, err)
	}
}

func TestTheCopyIsCloseOnExec(t *testing.T) {
	null := many(t, 1)[0]
	if _, err := unix.FcntlInt(uintptr(null), unix.F_SETFD, 0); err != nil {
		t.Fatal(err)
	}
	fd := send(t, null)
	defer fdtx.CloseAll([]int{fd})
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("the flags are %d, %v", flags, err)
	}
	if fd == null || !isSame(t, fd, null) {
		t.Errorf("wanted a copy of %d, got %d", null, fd)
	}
}

package link

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"avescript/core/fleet/wire"
	"avescript/internal/reexec"
)

// runHub is a server that is a process of its own.
func runHub([]string) error {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true})
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		return errors.New("the server is not ready")
	}
	fmt.Println(s.ClientURL())
	select {}
}

// startHub starts a server that can be stopped, and returns its address.
func startHub(t *testing.T) (address string, stop func()) {
	t.Helper()
	process := reexec.Command("hub")
	out, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line), func() {
		t.Helper()
		if err := process.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
}

// A hub is stopped while much is sent to it. Another one is found long before a write has to end.
func TestHubIsStoppedDuringATransfer(t *testing.T) {
	t.Parallel()
	address, stop := startHub(t)
	other := serve(t, -1)
	port := other.Addr().(*net.TCPAddr).Port
	other.Shutdown()
	other.WaitForShutdown()
	user, err := Dial(t.Context(), Config{URL: address, Others: other.ClientURL(), Role: wire.User, Name: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(user.Close)
	other = serve(t, port)
	back := user.Conn.StatusChanged(nats.CONNECTED)
	t.Cleanup(func() { user.Conn.RemoveStatusListener(back) })
	stop()
	over := make(chan struct{})
	go func() {
		defer close(over)
		for part := make([]byte, 128<<10); user.Conn.Publish("upload", part) == nil; {
		}
	}()
	select {
	case <-back:
	case <-time.After(nats.DefaultFlusherTimeout / 2):
		t.Fatal("the link has not found the other hub")
	}
	<-over
	if got := user.Conn.ConnectedUrl(); got != other.ClientURL() {
		t.Errorf("wanted %s, got %s", other.ClientURL(), got)
	}
}

package systemd

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTakeLeavesNothingToCommands(t *testing.T) {
	t.Setenv(notifySocket, "/run/notify")
	t.Setenv(watchdogTime, "2000000")
	t.Setenv(watchdogPid, "1")
	m := Take()
	if m == nil || *m != (Manager{"/run/notify", 2 * time.Second}) {
		t.Errorf("wanted the manager at /run/notify with 2 s, got %v", m)
	}
	for _, name := range []string{notifySocket, watchdogTime, watchdogPid} {
		if value, ok := os.LookupEnv(name); ok {
			t.Errorf("wanted no %s, got %q", name, value)
		}
	}
	if m := Take(); m != nil {
		t.Errorf("wanted no manager, got %v", m)
	}
}

func TestMessages(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "notify"), "@avescript-" + strconv.Itoa(os.Getpid())} {
		conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		m := &Manager{Socket: path}
		for wanted, send := range map[string]func() error{
			"MAINPID=7\nREADY=1":    func() error { return m.Ready(7) },
			"WATCHDOG=1":            m.Alive,
			"MAINPID=8\nWATCHDOG=1": func() error { return m.HandedOver(8) },
		} {
			if err := send(); err != nil {
				t.Fatal(err)
			}
			message := make([]byte, 100)
			n, err := conn.Read(message)
			if err != nil || string(message[:n]) != wanted {
				t.Errorf("wanted %q, got %q, %v", wanted, message[:n], err)
			}
		}
	}
	m := &Manager{Socket: filepath.Join(t.TempDir(), "nobody")}
	if err := m.Alive(); err == nil || !strings.HasPrefix(err.Error(), "notify systemd: ") {
		t.Errorf("wanted an error about systemd, got %v", err)
	}
}

func TestSocketsOfOthersAreNotTaken(t *testing.T) {
	t.Setenv(listenPid, "1")
	t.Setenv(listenFds, "1")
	if _, ok, err := TakeSocket(); ok || err != nil {
		t.Errorf("wanted no socket, got one, %v", err)
	}
	t.Setenv(listenPid, strconv.Itoa(os.Getpid()))
	t.Setenv(listenFds, "2")
	if _, ok, err := TakeSocket(); ok || err == nil || !strings.Contains(err.Error(), "wanted one socket from systemd, got 2") {
		t.Errorf("wanted an error about two sockets, got %v, %v", ok, err)
	}
}

func TestCheckUnit(t *testing.T) {
	if err := CheckUnit(os.Getpid()); err != nil {
		t.Errorf("wanted this process to be in its own unit, got %v", err)
	}
	if err := CheckUnit(1 << 30); err == nil {
		t.Error("wanted an error about a process that does not exist")
	}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/internal/poll"
)

// interval is WatchdogSec.
const interval = 100 * time.Millisecond

// manager plays the role of systemd: it receives the messages of a service.
type manager struct {
	t    *testing.T
	path string
	conn *net.UnixConn
}

func newManager(t *testing.T) *manager {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &manager{t, path, conn}
}

// hear returns the next message, or "" if none arrives within the limit.
func (m *manager) hear(limit time.Duration) string {
	m.t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		m.t.Fatal(err)
	}
	message := make([]byte, 1000)
	n, err := m.conn.Read(message)
	if err != nil {
		return ""
	}
	return string(message[:n])
}

// await waits for a message, and skips those that only say that the service is alive.
func (m *manager) await(wanted string) (pid int) {
	m.t.Helper()
	for {
		switch got := m.hear(time.Minute); {
		case got == wanted:
			return 0
		case got == "WATCHDOG=1":
		case regexp.MustCompile("^" + wanted + "$").MatchString(got):
			fmt.Sscanf(got, "MAINPID=%d", &pid)
			return pid
		default:
			m.t.Fatalf("wanted the message %q, got %q", wanted, got)
		}
	}
}

// start starts the main process of a unit, with a socket on fd 3 if there is one.
func (m *manager) start(socket *os.File, args ...string) *exec.Cmd {
	m.t.Helper()
	avescript := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ exec avescript "$@"`, "sh"}, args...)...)
	avescript.Env = append(os.Environ(), "NOTIFY_SOCKET="+m.path, fmt.Sprintf("WATCHDOG_USEC=%d", interval.Microseconds()))
	if socket != nil {
		avescript.ExtraFiles, avescript.Env = []*os.File{socket}, append(avescript.Env, "LISTEN_FDS=1")
	}
	journalTo(m.t, avescript)
	if err := startObedient(avescript); err != nil {
		m.t.Fatal(err)
	}
	return avescript
}

// journalTo sends the output of a program to a file, which it returns. A pipe would be
// kept open by a daemon.
func journalTo(t *testing.T, program *exec.Cmd) (journal func() string) {
	file, err := os.Create(filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	program.Stdout, program.Stderr = file, file
	return func() string {
		text, _ := os.ReadFile(file.Name())
		return string(text)
	}
}

// configured writes the configuration of a broker.
func configured(t *testing.T, port int) (home string) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	home = t.TempDir()
	dir := filepath.Join(home, ".ave", "config")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]map[string]any{
		"broker":   {"port": port, "authkey": "the key", "account": me.Username},
		"authkeys": {"admin": "the admin's key", "share": "another key"},
	} {
		text, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func broker(t *testing.T, home, action string, env ...string) {
	t.Helper()
	avescript := exec.Command("avescript", "../../scripts/broker.lua", action, "--systemd", "--home="+home)
	avescript.Env = append(os.Environ(), env...)
	journal := journalTo(t, avescript)
	if err := avescript.Run(); err != nil {
		t.Fatalf("%s: %v: %s", action, err, journal())
	}
}

// TestBrokerIsASystemdUnit starts, reloads and stops a broker as its unit does.
func TestBrokerIsASystemdUnit(t *testing.T) {
	t.Parallel()
	systemd := newManager(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	home := configured(t, port)
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	starter := systemd.start(socket, "../../scripts/broker.lua", "--start", "--systemd", "--home="+home)
	first := systemd.await(`MAINPID=\d+\nREADY=1`)
	defer func() { _ = syscall.Kill(first, syscall.SIGKILL) }()
	if err, _ := waitForEnd(starter); err != nil {
		t.Fatal(err)
	}
	systemd.await("WATCHDOG=1")

	client := control.NewClient(control.ClientOptions{Address: connection.Address{Port: port}, Authkey: "the admin's key"})
	defer client.Close()
	if pid := pidOf(t, client); pid != first {
		t.Errorf("wanted the broker to be process %d, got %d", first, pid)
	}
	broker(t, home, "--restart")
	second := systemd.await(`MAINPID=\d+\nWATCHDOG=1`)
	defer func() { _ = syscall.Kill(second, syscall.SIGKILL) }()
	if pid := pidOf(t, client); pid != second || second == first {
		t.Errorf("wanted the broker to be another process %d, got %d", second, pid)
	}
	systemd.await("WATCHDOG=1")
	broker(t, home, "--stop") // without MAINPID: the main process has ended
	if pid := pidOf(t, client); pid != second {
		t.Errorf("wanted the broker to be process %d still, got %d", second, pid)
	}
	broker(t, home, "--stop", fmt.Sprintf("MAINPID=%d", second))
	poll.Until(t, "the broker ends", func() bool { return syscall.Kill(second, 0) != nil })
}

func pidOf(t *testing.T, client *control.Client) int {
	t.Helper()
	answer, err := client.Call(context.Background(), "status", nil, nil, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var status struct{ Pid int }
	if err := json.Unmarshal(answer, &status); err != nil {
		t.Fatal(err)
	}
	return status.Pid
}

// spinning is a service that runs in the main process of the unit.
const spinning = `
local Lab = ave.Control:subclass("Lab")
Lab.notify_socket = ave.Control.rpc(function()
	return (select(2, ave.cmd.run { "sh", "-c", "printf %s $NOTIFY_SOCKET" }))
end)
Lab.spin = ave.Control.rpc(function() while true do end end)
Lab { port = 0, systemd = true }:run()
`

// TestWatchdogOfSystemd: a service reports that it is alive until its Lua code loops.
// Its child processes cannot report for it.
func TestWatchdogOfSystemd(t *testing.T) {
	t.Parallel()
	systemd := newManager(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	service := systemd.start(socket, "-e", spinning)
	defer func() { _ = service.Process.Kill(); _ = service.Wait() }()
	if pid := systemd.await(`MAINPID=\d+\nREADY=1`); pid != service.Process.Pid {
		t.Errorf("wanted the unit's process %d to be ready, got %d", service.Process.Pid, pid)
	}
	systemd.await("WATCHDOG=1")
	client := control.NewClient(control.ClientOptions{Address: connection.AddressOf(listener.Addr())})
	defer client.Close()
	answer, err := client.Call(context.Background(), "notify_socket", nil, nil, time.Minute)
	if err != nil || string(answer) != `""` {
		t.Errorf("wanted commands to know nothing of systemd's socket, got %s, %v", answer, err)
	}
	go func() { _, _ = client.Call(context.Background(), "spin", nil, nil, time.Minute) }()
	const missed = 10 * interval
	poll.Until(t, "systemd hears nothing more", func() bool { return systemd.hear(missed) == "" })
}

// TestSystemdAcceptsTheUnits lets systemd check the units for mistakes.
func TestSystemdAcceptsTheUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed (Debian: systemd)")
	}
	dir := t.TempDir()
	args := []string{"verify", "--man=no", "--generators=no", "--recursive-errors=no"}
	for _, name := range []string{"ave-broker.service", "ave-broker.socket", "ave-lab-hub.service", "ave-lab-host.service"} {
		text, err := os.ReadFile("../../packages/" + name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		// They must exist.
		installed := strings.NewReplacer("/usr/bin/ave-broker", "/bin/true", "/usr/bin/avelab", "/bin/true").Replace(string(text))
		if err := os.WriteFile(path, []byte(installed), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}

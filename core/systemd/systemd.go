// Package systemd contains the communication of a service with systemd: that it is
// ready and alive, which process it is, and the socket that systemd has opened for it.
//
// The protocol is one datagram (sd_notify(3)) and a few variables (sd_listen_fds(3)),
// which is less than a library for it would add.
package systemd

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"avescript/core/exceptions"
)

// The variables that systemd sets for the main process of a unit.
const (
	notifySocket = "NOTIFY_SOCKET"
	watchdogTime = "WATCHDOG_USEC"
	watchdogPid  = "WATCHDOG_PID"
	listenPid    = "LISTEN_PID"
	listenFds    = "LISTEN_FDS"
	listenNames  = "LISTEN_FDNAMES"
)

// firstDescriptor is the first descriptor that systemd passes.
const firstDescriptor = 3

// Manager is the systemd that has started this process, or the process from which this
// one has taken over a service.
type Manager struct {
	Socket   string        `json:"socket"`   // the socket of systemd
	Watchdog time.Duration `json:"watchdog"` // the limit between two messages that the service is alive; 0 for none
}

// Take returns the manager of this process, nil if there is none. It removes the
// variables from the environment, so that no command takes itself for the service.
func Take() *Manager {
	path := os.Getenv(notifySocket)
	if path == "" {
		return nil
	}
	microseconds, _ := strconv.ParseInt(os.Getenv(watchdogTime), 10, 64)
	for _, name := range []string{notifySocket, watchdogTime, watchdogPid} {
		os.Unsetenv(name)
	}
	return &Manager{path, max(0, time.Duration(microseconds)*time.Microsecond)}
}

// Ready says that the service is ready, as the process with this pid.
func (m *Manager) Ready(pid int) error { return m.send(fmt.Sprintf("MAINPID=%d\nREADY=1", pid)) }

// Alive says that the service is alive.
func (m *Manager) Alive() error { return m.send("WATCHDOG=1") }

// HandedOver says that the process with this pid is the service from now on. Only the
// process that was the service until then may say so.
func (m *Manager) HandedOver(pid int) error {
	return m.send(fmt.Sprintf("MAINPID=%d\nWATCHDOG=1", pid))
}

func (m *Manager) send(state string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.Socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}

// TakeSocket returns the descriptor of the socket that systemd has opened for this
// process, once; ok is false if there is none.
func TakeSocket() (fd int, ok bool, err error) {
	if os.Getenv(listenPid) != strconv.Itoa(os.Getpid()) {
		return 0, false, nil
	}
	number := os.Getenv(listenFds)
	for _, name := range []string{listenPid, listenFds, listenNames} {
		os.Unsetenv(name)
	}
	if number != "1" {
		return 0, false, exceptions.Exception.Newf("wanted one socket from systemd, got %s: a service listens on one, so its socket unit must have one ListenStream", number)
	}
	return firstDescriptor, true, nil
}

// CheckUnit returns an error unless the process with this pid is in the same unit as
// this one. systemd would not accept another process, and would end the unit.
func CheckUnit(pid int) error {
	own, err := os.ReadFile("/proc/self/cgroup")
	other, otherErr := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err := errors.Join(err, otherErr); err != nil {
		return err
	}
	if !bytes.Equal(own, other) {
		return exceptions.Exception.Newf("process %d is not in the systemd unit of the service: use systemctl reload to restart it", pid)
	}
	return nil
}

package control_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/connection"
	"avescript/core/control"
)

// keepAlives are the settings of all TCP sockets of this process that are connected to
// a port, by side.
func keepAlives(t *testing.T, port int) (ofService, ofClients [][4]int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		link, _ := os.Readlink("/proc/self/fd/" + entry.Name())
		fd, _ := strconv.Atoi(entry.Name())
		if !regexp.MustCompile(`^socket:`).MatchString(link) {
			continue
		}
		peer, err := unix.Getpeername(fd)
		own, _ := unix.Getsockname(fd)
		if err != nil {
			continue
		}
		var settings [4]int
		settings[0], _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE)
		for i, option := range []int{unix.TCP_KEEPIDLE, unix.TCP_KEEPINTVL, unix.TCP_KEEPCNT} {
			settings[i+1], _ = unix.GetsockoptInt(fd, unix.IPPROTO_TCP, option)
		}
		switch port {
		case portOf(own):
			ofService = append(ofService, settings)
		case portOf(peer):
			ofClients = append(ofClients, settings)
		}
	}
	return ofService, ofClients
}

func portOf(name unix.Sockaddr) int {
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return name.Port
	case *unix.SockaddrInet6:
		return name.Port
	}
	return 0
}

func wantKeepAlive(t *testing.T, sockets [][4]int, count int, want [4]int) {
	t.Helper()
	if len(sockets) != count {
		t.Errorf("got %d sockets, want %d", len(sockets), count)
	}
	for _, got := range sockets {
		if got != want {
			t.Errorf("got %v as keep-alive, idle, interval and probes, want %v", got, want)
		}
	}
}

func TestVanishedHostIsNoticedInHalfAMinute(t *testing.T) {
	socket, port, err := connection.FindFreePort(connection.DefaultPortStart, connection.DefaultPortStop, true)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := socket.Listener()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := start(t, generation(0, nil), control.Options{Listener: listener, Anonymous: true})
	if _, err := call(newClient(t, s, ""), "echo", 1); err != nil {
		t.Fatal(err)
	}
	usual := [4]int{1, 5, 5, 5}
	ofService, ofClients := keepAlives(t, port)
	wantKeepAlive(t, ofService, 1, usual)
	wantKeepAlive(t, ofClients, 1, usual)

	next := successor(t, s, generation(1, nil), control.Options{Anonymous: true, KeepAlive: time.Minute})
	ofService, _ = keepAlives(t, next.Address().Port)
	wantKeepAlive(t, ofService, len(ofService), [4]int{1, 10, 10, 5})
	if len(ofService) == 0 {
		t.Error("no client was handed over")
	}
}

func TestKeepAliveCanBeChosen(t *testing.T) {
	for within, want := range map[time.Duration][4]int{
		time.Hour:         {1, 600, 600, 5},
		time.Second:       {1, 1, 1, 5},
		1000 * time.Hour:  {0},
		100 * time.Second: {1, 17, 17, 5},
	} {
		s, stop := start(t, generation(0, nil), control.Options{KeepAlive: within})
		if _, err := call(newClient(t, s, ""), "echo", 1); err != nil {
			t.Fatal(err)
		}
		ofService, _ := keepAlives(t, s.Address().Port)
		for i := range ofService {
			if ofService[i][0] == 0 {
				ofService[i] = [4]int{}
			}
		}
		wantKeepAlive(t, ofService, 1, want)
		stop()
	}
}

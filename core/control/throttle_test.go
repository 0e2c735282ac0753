package control_test

import (
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"avescript/core/control"
	"avescript/internal/poll"
)

const attackers = 50

// wantThrottled waits until the log mentions all attackers since begun, and checks that
// it has only few separate lines for them.
func wantThrottled(t *testing.T, log *events, begun time.Time, line, more string) {
	t.Helper()
	rest := regexp.MustCompile(`(\d+) ` + regexp.QuoteMeta(more))
	lines := 0
	poll.Until(t, "all of them are logged: "+more, func() bool {
		text := log.String()
		lines = strings.Count(text, line)
		all := lines
		for _, match := range rest.FindAllStringSubmatch(text, -1) {
			n, _ := strconv.Atoi(match[1])
			all += n
		}
		return all == attackers
	})
	if most := 10 * (1 + int(time.Since(begun)/time.Second)); lines < 1 || lines > most {
		t.Errorf("%d lines for them, want at most %d", lines, most)
	}
}

func TestAttacksDoNotFillTheLog(t *testing.T) {
	var log events
	record := func(message string) { log.add("%s", message) }
	begun := time.Now()

	s, _ := start(t, methods{}, control.Options{Limits: control.Limits{MaxFrame: 100}, Log: record})
	for range attackers {
		r := dialRaw(t, s).authenticate()
		r.Write([]byte{0, 0, 1, 0})
		r.get()
		r.want("<closed>")
	}
	wantThrottled(t, &log, begun, "got one of 256 (max_frame)", "more clients were disconnected (max_frame)")

	s, _ = start(t, methods{}, control.Options{Authkey: "k", Log: record})
	for range attackers {
		rejected(t, s)
	}
	wantThrottled(t, &log, begun, "was disconnected: it has no valid key", "more clients were disconnected: they have no valid key")

	s, _, _ = secured(t, control.Options{Log: record})
	for range attackers {
		r := dialRaw(t, s)
		r.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		r.get()
	}
	wantThrottled(t, &log, begun, "was disconnected: TLS: ", "more clients were disconnected: TLS")

	failures := make([]syscall.Errno, attackers)
	for i := range failures {
		failures[i] = syscall.EPROTO
	}
	start(t, methods{}, control.Options{Listener: &failingListener{localListener(t), failures}, Log: record})
	wantThrottled(t, &log, begun, "a connection could not be accepted: ", "more connections could not be accepted")
}

func TestServiceThatEndsLogsWhatWasLeftOut(t *testing.T) {
	var log events
	s, stop := start(t, methods{}, control.Options{Authkey: "k", Log: func(message string) { log.add("%s", message) }})
	for range attackers {
		rejected(t, s)
	}
	stop()
	if !strings.Contains(log.String(), "more clients were disconnected") {
		t.Errorf("got %s", &log)
	}
}

func TestLogThatAsksTheService(t *testing.T) {
	var log events
	var server atomic.Pointer[control.Server]
	s, _ := start(t, methods{}, control.Options{Limits: control.Limits{MaxConnections: 2}, Log: func(message string) {
		if s := server.Load(); s != nil {
			s.Statistics()
		}
		log.add("%s", message)
	}})
	server.Store(s)
	pushedOut := dialRaw(t, s)
	pushedOut.get()
	dialRaw(t, s).authenticate()
	pushedOut.want("<closed>")
	logs(t, &log, "(max_handshakes)")
	dialRaw(t, s).authenticate()
	newClient(t, s, "").Connect(ctx)
	logs(t, &log, "(max_connections)")
}

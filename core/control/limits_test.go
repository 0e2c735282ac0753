package control_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/poll"
)

// limited starts a service with limits, and records its log.
func limited(t *testing.T, limits control.Limits) (*control.Server, *events) {
	var log events
	s, _ := start(t, methods{
		"echo": echo,
		"long": constant(strings.Repeat("x", 8<<20)),
	}, control.Options{Limits: limits, Log: func(message string) { log.add("%s", message) }})
	return s, &log
}

// serves checks that other clients are still served.
func serves(t *testing.T, s *control.Server) {
	t.Helper()
	c := newClient(t, s, "")
	defer c.Close()
	if got, err := call(c, "echo", 1); got != "1" || err != nil {
		t.Errorf("another client: got %s, %v", got, err)
	}
}

func logs(t *testing.T, log *events, message string) {
	t.Helper()
	poll.Until(t, "it is logged: "+message, func() bool { return strings.Contains(log.String(), message) })
}

func TestOneConnectionTooMany(t *testing.T) {
	s, log := limited(t, control.Limits{MaxConnections: 2})
	first := newClient(t, s, "")
	call(first, "echo", 1)
	call(newClient(t, s, ""), "echo", 1)
	err := newClient(t, s, "").Connect(ctx)
	if want := "the service already has 2 clients, which is the limit"; !errors.Is(err, exceptions.ConnectionRefused) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	logs(t, log, "there are already 2 connections (max_connections)")
	first.Close()
	poll.Until(t, "there is room again", func() bool { return newClient(t, s, "").Connect(ctx) == nil })
}

func TestUnfinishedHandshakesMakeRoom(t *testing.T) {
	s, log := limited(t, control.Limits{MaxHandshakes: 4})
	oldest := dialRaw(t, s)
	oldest.get()
	for range 20 {
		dialRaw(t, s).get()
	}
	oldest.want("<closed>")
	serves(t, s)
	logs(t, log, "(max_handshakes)")
	poll.Until(t, "only those within the limit are left", func() bool { return len(s.Connections()) <= 4 })
}

func TestSlowFrame(t *testing.T) {
	s, log := limited(t, control.Limits{FrameTimeout: 200 * time.Millisecond})
	idle, slow := dialRaw(t, s).authenticate(), dialRaw(t, s).authenticate()
	slow.Write([]byte{0, 0, 1, 0})
	stop := make(chan bool)
	defer close(stop)
	go func() {
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-tick.C:
				slow.Write([]byte{'x'})
			case <-stop:
				return
			}
		}
	}()
	serves(t, s)
	slow.want("<closed>")
	logs(t, log, "it did not finish a frame in time (frame_timeout)")
	idle.put(callText("echo", `["still there"]`))
	idle.want(`{"result": "still there"}`)
}

func TestFrameInPartsLeavesNoDeadline(t *testing.T) {
	const limit = 100 * time.Millisecond
	s, _ := limited(t, control.Limits{FrameTimeout: limit})
	r := dialRaw(t, s).authenticate()
	payload := callText("echo", `["x"]`)
	for range 2 {
		r.Write(binary.BigEndian.AppendUint32(nil, uint32(len(payload))))
		serves(t, s) // by then only the header was read
		r.Write([]byte(payload))
		r.want(`{"result": "x"}`)
		for end := time.Now().Add(2 * limit); time.Now().Before(end); {
			serves(t, s)
		}
	}
}

func TestClientThatNeverReads(t *testing.T) {
	s, log := limited(t, control.Limits{WriteTimeout: 100 * time.Millisecond})
	deaf := dialRaw(t, s).authenticate()
	for range 20 {
		deaf.put(callText("long", "[]"))
	}
	serves(t, s)
	logs(t, log, "it did not read an answer in time (write_timeout)")
	poll.Until(t, "it is gone", func() bool { return len(s.Connections()) == 0 })
	serves(t, s)
}

func TestHeaderThatClaims4GiB(t *testing.T) {
	s, log := limited(t, control.Limits{MaxFrame: 1 << 32, MaxIncoming: 1 << 40})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 8 {
		r := dialRaw(t, s).authenticate()
		r.Write([]byte{0xff, 0xff, 0xff, 0xff, '{'})
	}
	serves(t, s)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	if log.String() != "" {
		t.Errorf("logged: %s", log)
	}
}

func TestLimitsThatAreNone(t *testing.T) {
	for want, limits := range map[string]control.Limits{
		"max_frame: wanted more than 0, got -1":      {MaxFrame: -1},
		"max_handshakes: wanted more than 0, got -2": {MaxHandshakes: -2},
		"write_timeout: wanted more than 0, got -1s": {WriteTimeout: -time.Second},
	} {
		_, err := control.NewServer(methods{}, control.Options{Limits: limits})
		if fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

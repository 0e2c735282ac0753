package control_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"avescript/core/control"
)

func dialMetrics(t *testing.T, port int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(late))
	return conn
}

func TestMetricsForFewAtATime(t *testing.T) {
	port := freePort(t)
	start(t, methods{}, control.Options{MetricsPort: port})
	get(t, port, "/metrics")
	var holding []net.Conn
	for range 16 {
		conn := dialMetrics(t, port)
		conn.Write([]byte("GET /metrics HTTP/1.1\r\n"))
		holding = append(holding, conn)
	}
	waiting := dialMetrics(t, port)
	waiting.Write([]byte("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"))
	waiting.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := waiting.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("one too many: got %d bytes, %v", n, err)
	}
	holding[0].Close()
	waiting.SetReadDeadline(time.Now().Add(late))
	if _, err := waiting.Read(make([]byte, 1)); err != nil {
		t.Errorf("after another one has gone: %v", err)
	}
}

func TestMetricsTakeNoLongHeaders(t *testing.T) {
	port := freePort(t)
	start(t, methods{}, control.Options{MetricsPort: port})
	conn := dialMetrics(t, port)
	fmt.Fprintf(conn, "GET /metrics HTTP/1.0\r\nX: %s\r\n\r\n", strings.Repeat("x", 16<<10))
	answer, _ := io.ReadAll(conn)
	if !strings.Contains(string(answer), "431 Request Header Fields Too Large") {
		t.Errorf("got %.100q", answer)
	}
}

func TestMetricsPortIsClosed(t *testing.T) {
	refuses := func(port int) bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
		}
		return err != nil
	}
	port := freePort(t)
	s, err := control.NewServer(methods{}, control.Options{MetricsPort: port})
	if err != nil {
		t.Fatal(err)
	}
	s.Shutdown(nil)
	if !refuses(port) {
		t.Error("a service that was shut down before it has served still listens")
	}
	var log events
	port = freePort(t)
	s, stop := start(t, methods{}, control.Options{MetricsPort: port, Log: func(message string) { log.add("%s", message) }})
	get(t, port, "/metrics")
	s.StopListening()
	if !refuses(port) {
		t.Error("a service that has stopped listening still does")
	}
	stop()
	if log.String() != "" {
		t.Errorf("logged: %s", &log)
	}
}

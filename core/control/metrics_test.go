package control_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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

func TestSlowScrapersDelayNobody(t *testing.T) {
	port := freePort(t)
	start(t, methods{}, control.Options{MetricsPort: port})
	regular := dialMetrics(t, port)
	scrape := func() {
		t.Helper()
		fmt.Fprint(regular, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(regular), nil)
		if err != nil {
			t.Fatalf("one that asks again and again: %v", err)
		}
		io.Copy(io.Discard, response.Body)
	}
	var slow []net.Conn
	begun := time.Now()
	for range 100 {
		conn := dialMetrics(t, port)
		conn.Write([]byte("GET /metrics HTTP/1.1\r\n"))
		slow = append(slow, conn)
		scrape()
	}
	get(t, port, "/metrics")
	if took := time.Since(begun); took > late {
		t.Errorf("they have delayed others by %v", took)
	}
	if n, err := slow[0].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the first of 100 that are slow got %d bytes, %v", n, err)
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

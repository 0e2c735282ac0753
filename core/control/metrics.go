package control

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limits for clients of the metrics, which may be anybody.
const (
	metricsTimeout     = 10 * time.Second // for one request
	metricsConnections = 16
	metricsHeader      = 4 << 10
)

// serveMetrics answers GET /metrics with the statistics in the text format of
// Prometheus, until the service is shut down.
func (s *Server) serveMetrics() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(s.Statistics().prometheus())
	})
	listener := &fewListener{Listener: s.port.metrics}
	server := &http.Server{
		Handler: mux, ConnState: listener.changed, MaxHeaderBytes: metricsHeader, ErrorLog: log.New(metricsLog{s.journal}, "", 0),
		ReadTimeout: metricsTimeout, WriteTimeout: metricsTimeout, IdleTimeout: metricsTimeout,
	}
	s.running.Go(func() {
		<-s.ending.shutdown
		_ = server.Close()
	})
	err := server.Serve(listener)
	if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		s.journal.printf("the metrics server has stopped: %v", err)
	}
}

// metricsLog receives the log of the metrics server, for example that it cannot accept
// a connection.
type metricsLog struct{ *journal }

func (l metricsLog) Write(line []byte) (int, error) {
	l.accept.printf("metrics: %s", bytes.TrimSpace(line))
	return len(line), nil
}

// fewListener allows at most metricsConnections connections at a time. For a new one it
// closes the oldest of those that have never finished a request, or else the one whose
// last request is longest ago. So slow clients delay nobody, and a client that keeps
// asking stays connected, however many others connect.
type fewListener struct {
	net.Listener

	mu     sync.Mutex
	begun  []net.Conn // have never finished a request, oldest first
	served []net.Conn // the others, ordered by the end of their last request
}

func (l *fewListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.begun)+len(l.served) == metricsConnections {
		l.closeOne()
	}
	l.begun = append(l.begun, conn)
	return conn, nil
}

func (l *fewListener) closeOne() {
	from := &l.begun
	if len(*from) == 0 {
		from = &l.served
	}
	(*from)[0].Close()
	*from = slices.Delete(*from, 0, 1)
}

// changed is called by the HTTP server when the state of a connection changes.
func (l *fewListener) changed(conn net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if state != http.StateIdle && state != http.StateClosed {
		return
	}
	open := len(l.begun) + len(l.served)
	same := func(other net.Conn) bool { return other == conn }
	l.begun, l.served = slices.DeleteFunc(l.begun, same), slices.DeleteFunc(l.served, same)
	if known := len(l.begun)+len(l.served) < open; known && state == http.StateIdle {
		l.served = append(l.served, conn)
	}
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// label quotes the value of a label.
func label(value string) string {
	return `"` + escapeLabel.Replace(strings.ToValidUTF8(value, "\uFFFD")) + `"`
}

// prometheus is the text format 0.0.4 of Prometheus.
func (s Statistics) prometheus() []byte {
	var b bytes.Buffer
	family := func(name, kind, help string) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s %[3]s\n", name, help, kind)
	}
	single := func(name, kind, help string, value any) {
		family(name, kind, help)
		fmt.Fprintf(&b, "%s %v\n", name, value)
	}
	single("ave_uptime_seconds", "gauge", "Time since the service started.", s.Uptime)
	single("ave_goroutines", "gauge", "Goroutines in the process.", s.Goroutines)
	single("ave_connections", "gauge", "Open connections.", s.Connections)
	single("ave_connections_total", "counter", "Accepted connections.", s.Accepted)
	single("ave_handshake_failures_total", "counter", "Connections that failed in the handshake.", s.HandshakeFailures)
	single("ave_calls_refused_total", "counter", "Calls that were refused before they reached a method.", s.Refused)
	family("ave_limit_hits_total", "counter", "How often each limit was reached.")
	for _, limit := range slices.Sorted(maps.Keys(s.Limits)) {
		fmt.Fprintf(&b, "ave_limit_hits_total{limit=%s} %d\n", label(limit), s.Limits[limit])
	}
	family("ave_callback_errors_total", "counter", "Callbacks that raised an error.")
	for _, name := range slices.Sorted(maps.Keys(s.Callbacks)) {
		fmt.Fprintf(&b, "ave_callback_errors_total{callback=%s} %d\n", label(name), s.Callbacks[name].Errors)
	}
	methods := slices.Sorted(maps.Keys(s.Methods))
	family("ave_call_errors_total", "counter", "Calls whose method raised an error.")
	for _, method := range methods {
		fmt.Fprintf(&b, "ave_call_errors_total{method=%s} %d\n", label(method), s.Methods[method].Errors)
	}
	family("ave_call_duration_seconds", "histogram", "Time from the arrival of a call until its answer is ready.")
	for _, method := range methods {
		m := s.Methods[method]
		below := int64(0)
		for i, calls := range m.Latency {
			below += calls
			bound := "+Inf"
			if i < len(s.Bounds) {
				bound = strconv.FormatFloat(s.Bounds[i], 'g', -1, 64)
			}
			fmt.Fprintf(&b, "ave_call_duration_seconds_bucket{method=%s,le=%s} %d\n", label(method), label(bound), below)
		}
		fmt.Fprintf(&b, "ave_call_duration_seconds_sum{method=%s} %v\n", label(method), m.Seconds)
		fmt.Fprintf(&b, "ave_call_duration_seconds_count{method=%s} %d\n", label(method), m.Calls)
	}
	return b.Bytes()
}

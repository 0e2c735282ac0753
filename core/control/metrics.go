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

	"avescript/core/connection"
)

// Limits of those who ask for the metrics, who may be anybody.
const (
	metricsTimeout     = 10 * time.Second // for a request
	metricsConnections = 16
	metricsHeader      = 4 << 10
)

// serveMetrics answers GET /metrics until the service is shut down, with the
// statistics in the text format of Prometheus.
func (s *Server) serveMetrics() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(s.Statistics().prometheus())
	})
	server := &http.Server{
		Handler: mux, MaxHeaderBytes: metricsHeader, ErrorLog: log.New(metricsLog{s}, "", 0),
		ReadTimeout: metricsTimeout, WriteTimeout: metricsTimeout, IdleTimeout: metricsTimeout,
	}
	s.running.Go(func() {
		<-s.shutdown
		_ = server.Close()
	})
	err := server.Serve(&fewListener{s.metrics, make(chan struct{}, metricsConnections)})
	if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		s.log("the metrics are not served any more: %v", err)
	}
}

// metricsLog is where the server of the metrics logs, such as that it cannot
// accept a connection.
type metricsLog struct{ *Server }

func (l metricsLog) Write(line []byte) (int, error) {
	l.refusals.accept.printf("metrics: %s", bytes.TrimSpace(line))
	return len(line), nil
}

// fewListener has no more connections at a time than slots has room for.
type fewListener struct {
	net.Listener
	slots chan struct{}
}

func (l *fewListener) Accept() (net.Conn, error) {
	l.slots <- struct{}{}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slotConn{conn, sync.OnceFunc(func() { <-l.slots })}, nil
}

type slotConn struct {
	net.Conn
	free func()
}

func (c *slotConn) Close() error {
	defer c.free()
	return c.Conn.Close()
}

// listenForMetrics gives nil if nobody has asked for them.
func listenForMetrics(o *Options) (net.Listener, error) {
	if o.Estate != nil && o.Estate.metrics != nil {
		if inherited := o.Estate.metrics; connection.AddressOf(inherited.Addr()).Port == o.MetricsPort {
			return inherited, nil
		}
		o.Estate.metrics.Close()
	}
	if o.MetricsPort == 0 {
		return nil, nil
	}
	return listen(&Options{Address: connection.Address{Port: o.MetricsPort}})
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// label quotes the value of a label.
func label(value string) string {
	return `"` + escapeLabel.Replace(strings.ToValidUTF8(value, "\uFFFD")) + `"`
}

// prometheus is the text format that prometheus.io calls 0.0.4.
func (s Statistics) prometheus() []byte {
	var b bytes.Buffer
	family := func(name, kind, help string) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s %[3]s\n", name, help, kind)
	}
	single := func(name, kind, help string, value any) {
		family(name, kind, help)
		fmt.Fprintf(&b, "%s %v\n", name, value)
	}
	single("ave_uptime_seconds", "gauge", "Time since the service was started.", s.Uptime)
	single("ave_connections", "gauge", "Connections now.", s.Connections)
	single("ave_connections_total", "counter", "Connections that were accepted.", s.Accepted)
	single("ave_handshake_failures_total", "counter", "Connections that did not come through the handshake.", s.HandshakeFailures)
	single("ave_calls_refused_total", "counter", "Calls that reached no method.", s.Refused)
	family("ave_limit_hits_total", "counter", "How often a limit was reached.")
	for _, limit := range slices.Sorted(maps.Keys(s.Limits)) {
		fmt.Fprintf(&b, "ave_limit_hits_total{limit=%s} %d\n", label(limit), s.Limits[limit])
	}
	methods := slices.Sorted(maps.Keys(s.Methods))
	family("ave_call_errors_total", "counter", "Calls that have failed in their method.")
	for _, method := range methods {
		fmt.Fprintf(&b, "ave_call_errors_total{method=%s} %d\n", label(method), s.Methods[method].Errors)
	}
	family("ave_call_duration_seconds", "histogram", "From when a call was read until its answer was there.")
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

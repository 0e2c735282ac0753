package control

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Statistics is what a service has done so far.
type Statistics struct {
	Uptime            float64                     `json:"uptime"` // seconds
	Connections       int                         `json:"connections"`
	Accepted          int64                       `json:"accepted"` // connections, ever
	HandshakeFailures int64                       `json:"handshake_failures"`
	Calls             int64                       `json:"calls"`   // that have reached their method
	Errors            int64                       `json:"errors"`  // of those
	Refused           int64                       `json:"refused"` // calls that have reached none
	Limits            map[string]int64            `json:"limits"`  // how often each was reached, by its option
	Bounds            []float64                   `json:"bounds"`  // of Latency, in seconds
	Methods           map[string]MethodStatistics `json:"methods"` // that have been called
}

// MethodStatistics is what has become of the calls of a method.
type MethodStatistics struct {
	Calls  int64 `json:"calls"`
	Errors int64 `json:"errors"`
	// Seconds is the sum of their latencies: from when a call was read until
	// its answer was there, with the wait for its turn.
	Seconds float64 `json:"seconds"`
	// Latency counts the calls by the first of Statistics.Bounds that they have
	// not exceeded. One more is for those that have exceeded all.
	Latency []int64 `json:"latency"`
}

var bounds = [...]time.Duration{
	50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	1 * time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	1 * time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// counters are those of a server. A call costs two of them.
type counters struct {
	accepted, handshakeFailures, refused atomic.Int64

	methods atomic.Pointer[map[string]*methodCounters] // never changed: replaced
	adding  sync.Mutex
}

type methodCounters struct {
	latency     [len(bounds) + 1]atomic.Int64
	nanoseconds atomic.Int64
	errors      atomic.Int64
}

// served counts a call that has reached its method.
func (c *counters) served(method string, latency time.Duration, err error) {
	m := c.method(method)
	bucket := 0
	for bucket < len(bounds) && latency > bounds[bucket] {
		bucket++
	}
	m.latency[bucket].Add(1)
	m.nanoseconds.Add(int64(latency))
	if err != nil {
		m.errors.Add(1)
	}
}

func (c *counters) method(name string) *methodCounters {
	if m := c.known()[name]; m != nil {
		return m
	}
	c.adding.Lock()
	defer c.adding.Unlock()
	methods := maps.Clone(c.known())
	if methods == nil {
		methods = map[string]*methodCounters{}
	}
	m := methods[name]
	if m == nil {
		m = &methodCounters{}
		methods[name] = m
		c.methods.Store(&methods)
	}
	return m
}

func (c *counters) known() map[string]*methodCounters {
	if methods := c.methods.Load(); methods != nil {
		return *methods
	}
	return nil
}

func (m *methodCounters) read() MethodStatistics {
	s := MethodStatistics{
		Errors:  m.errors.Load(),
		Seconds: time.Duration(m.nanoseconds.Load()).Seconds(),
		Latency: make([]int64, len(m.latency)),
	}
	for i := range m.latency {
		s.Latency[i] = m.latency[i].Load()
		s.Calls += s.Latency[i]
	}
	return s
}

// Statistics gives those of now. Calls that are being served are not in them.
func (s *Server) Statistics() Statistics {
	s.mu.Lock()
	connections := len(s.conns)
	s.mu.Unlock()
	stats := Statistics{
		Uptime:            time.Since(s.started).Seconds(),
		Connections:       connections,
		Accepted:          s.counters.accepted.Load(),
		HandshakeFailures: s.counters.handshakeFailures.Load(),
		Refused:           s.counters.refused.Load(),
		Limits:            map[string]int64{},
		Methods:           map[string]MethodStatistics{},
	}
	for _, bound := range bounds {
		stats.Bounds = append(stats.Bounds, bound.Seconds())
	}
	for limit, hits := range s.hits {
		stats.Limits[limit] = hits.count.Load()
	}
	for name, method := range s.counters.known() {
		m := method.read()
		stats.Methods[name] = m
		stats.Calls += m.Calls
		stats.Errors += m.Errors
	}
	return stats
}

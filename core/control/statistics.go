package control

import (
	"maps"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"avescript/core/persona"
	"avescript/core/process"
)

// Statistics is what a service has done so far.
type Statistics struct {
	Uptime            float64                     `json:"uptime"`     // seconds
	Goroutines        int                         `json:"goroutines"` // in the process
	Process           ProcessStatistics           `json:"process"`
	Connections       int                         `json:"connections"`
	Claimants         []Claimant                  `json:"claimants"` // clients that say who they are; nobody has checked it
	Ongoing           []OngoingCall               `json:"ongoing"`   // oldest first
	Accepted          int64                       `json:"accepted"`  // connections since the start
	HandshakeFailures int64                       `json:"handshake_failures"`
	Calls             int64                       `json:"calls"`   // calls that have reached their method
	Errors            int64                       `json:"errors"`  // how many of them failed
	Refused           int64                       `json:"refused"` // calls that have reached no method
	Limits            map[string]int64            `json:"limits"`  // how often each was reached, by the name of its option
	Bounds            []float64                   `json:"bounds"`  // of Latency, in seconds
	Methods           map[string]MethodStatistics `json:"methods"` // methods that were called

	Callbacks map[string]CallbackStatistics `json:"callbacks"` // callbacks that have failed
}

// ProcessStatistics describes the process of the service.
type ProcessStatistics struct {
	Name    string `json:"name"`
	PID     int    `json:"pid"`
	Account string `json:"account"` // the name of its user, or the uid if it has no name
	Memory  int64  `json:"memory"`  // resident, in bytes
}

// MethodStatistics describes the calls of a method.
type MethodStatistics struct {
	Calls  int64 `json:"calls"`
	Errors int64 `json:"errors"`
	// Seconds is the sum of their latencies: from reading the call until the answer is
	// ready, including the wait for its turn.
	Seconds float64 `json:"seconds"`
	// Latency counts calls by the first of Statistics.Bounds that they did not exceed.
	// The last entry is for calls that exceeded all.
	Latency []int64 `json:"latency"`
}

// CallbackStatistics describes a callback that has failed.
type CallbackStatistics struct {
	Errors int64  `json:"errors"`
	Last   string `json:"last"` // the message of the last error, cut to longestMessage
}

// longestMessage is how many bytes of an error are kept.
const longestMessage = 1000

// callbackErrors counts the errors of callbacks, by their names.
type callbackErrors struct {
	mu   sync.Mutex
	seen map[string]CallbackStatistics
}

func (c *callbackErrors) add(name string, err error) {
	message := err.Error()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]CallbackStatistics{}
	}
	c.seen[name] = CallbackStatistics{c.seen[name].Errors + 1, strings.ToValidUTF8(message[:min(len(message), longestMessage)], "")}
}

func (c *callbackErrors) list() map[string]CallbackStatistics {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := map[string]CallbackStatistics{}
	maps.Copy(list, c.seen)
	return list
}

var bounds = [...]time.Duration{
	50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	1 * time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	1 * time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// counters are the counters of a server. A call updates two of them.
type counters struct {
	accepted, handshakeFailures, refused atomic.Int64

	methods atomic.Pointer[map[string]*methodCounters] // never changed, only replaced
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

// Statistics returns the current statistics. Calls in progress are not counted.
func (s *Server) Statistics() Statistics {
	stats := Statistics{
		Uptime:            time.Since(s.activity.started).Seconds(),
		Goroutines:        runtime.NumGoroutine(),
		Process:           thisProcess(),
		Connections:       s.clients.count(),
		Claimants:         s.clients.claimants(),
		Ongoing:           s.ongoing.list(),
		Accepted:          s.counters.accepted.Load(),
		HandshakeFailures: s.counters.handshakeFailures.Load(),
		Refused:           s.counters.refused.Load(),
		Limits:            map[string]int64{},
		Methods:           map[string]MethodStatistics{},
		Callbacks:         s.journal.callbacks.list(),
	}
	for _, bound := range bounds {
		stats.Bounds = append(stats.Bounds, bound.Seconds())
	}
	for limit, hits := range s.journal.hits {
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

func thisProcess() ProcessStatistics {
	p := ProcessStatistics{PID: os.Getpid(), Account: persona.NameOf(os.Geteuid())}
	if self, err := process.ReadStat(p.PID); err == nil {
		p.Name = self.Comm
	}
	p.Memory, _ = process.Memory(p.PID) // zero if there is no /proc
	return p
}

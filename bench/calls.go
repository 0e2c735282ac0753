package main

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	smallPayload = 16 // bytes
	pipelined    = 64 // calls in progress on a connection
)

// load describes the calls of clients to a server.
type load struct {
	conns int // one per client
	depth int // how many calls it makes before it reads the answers
	size  int // of the payload, in bytes
}

// callMeasures measure calls per second of a handler in Lua.
func callMeasures(ps *peers, turn time.Duration) (measures []*measure) {
	for _, depth := range []int{1, pipelined} {
		for _, conns := range []int{1, 8, 64} {
			name := fmt.Sprintf("calls, %s", plural(conns, "connection"))
			goals := map[string]goal{ps.echo.name: atLeast(0.8), ps.jsonrpc.name: atLeast(1)}
			if depth > 1 {
				name = fmt.Sprintf("calls pipelined by %d, %s", depth, plural(conns, "connection"))
				goals = nil
			}
			m := ps.measureLoad(name, load{conns, depth, smallPayload}, turn)
			m.quantities[0].goals = goals
			measures = append(measures, m)
		}
	}
	return measures
}

// payloadMeasures measure calls per second with large payloads.
func payloadMeasures(ps *peers, turn time.Duration) (measures []*measure) {
	for _, p := range []struct {
		name string
		size int
	}{{"1 KB", 1 << 10}, {"100 KB", 100 << 10}, {"10 MB", 10 << 20}} {
		measures = append(measures, ps.measureLoad("calls with "+p.name, load{1, 1, p.size}, turn))
	}
	return measures
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (ps *peers) measureLoad(name string, l load, turn time.Duration) *measure {
	m := &measure{name: name, quantities: []quantity{{unit: perSecond}}, ours: l.trial(ps.service, turn)}
	for _, p := range []*peer{ps.echo, ps.jsonrpc, ps.grpc} {
		m.peers = append(m.peers, rival{p.name, l.trial(p, turn)})
	}
	return m
}

func (l load) trial(p *peer, turn time.Duration) trial {
	return func() ([]float64, error) {
		server, err := p.server()
		if err != nil {
			return nil, err
		}
		callers, err := l.dial(p, server.address)
		defer closeAll(callers)
		if err != nil {
			return nil, err
		}
		rate, err := l.run(callers, turn)
		return []float64{rate}, err
	}
}

func (l load) dial(p *peer, address string) (callers []caller, err error) {
	payload := bytes.Repeat([]byte("x"), l.size)
	for range l.conns {
		c, err := p.dialCaller(address, echoMethod, payload)
		if err != nil {
			return callers, err
		}
		callers = append(callers, c)
	}
	return callers, nil
}

func closeAll[T interface{ Close() error }](closers []T) {
	for _, c := range closers {
		c.Close()
	}
}

// run makes all callers call for the time of a turn, and returns their calls per
// second.
func (l load) run(callers []caller, turn time.Duration) (float64, error) {
	var done atomic.Int64
	failed := make([]error, len(callers))
	var running sync.WaitGroup
	begin := time.Now()
	for i, c := range callers {
		running.Go(func() {
			for time.Since(begin) < turn && failed[i] == nil {
				failed[i] = c.calls(l.depth)
				done.Add(int64(l.depth))
			}
		})
	}
	running.Wait()
	return float64(done.Load()) / time.Since(begin).Seconds(), errors.Join(failed...)
}

package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	idleConns = 10_000
	idleCalls = 2000

	// dialers is how many goroutines connect at the same time.
	dialers = 16

	// settleTime is how long a server may take until its memory is stable.
	settleTime = 500 * time.Millisecond

	// spareDescriptors are the descriptors that a process needs besides its
	// connections.
	spareDescriptors = 200
)

// raiseDescriptorLimit raises the limit of open files to the maximum, and returns it.
// Child processes inherit the limit.
func raiseDescriptorLimit() (limit uint64, err error) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, fmt.Errorf("the limit of descriptors: %w", err)
	}
	l.Cur = l.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, fmt.Errorf("raise the limit of descriptors to %d: %w", l.Max, err)
	}
	return l.Max, nil
}

func needDescriptors(n int, limit uint64) error {
	if need := uint64(n + spareDescriptors); limit < need {
		return fmt.Errorf("%w: needs %d descriptors, got %d", errSkipped, need, limit)
	}
	return nil
}

// idleMeasures measure the cost of idle connections: the memory of the server, and the
// time of a call beside them.
func idleMeasures(ps *peers, limit uint64) []*measure {
	trial := func(p *peer) trial {
		return func() ([]float64, error) {
			if err := needDescriptors(idleConns, limit); err != nil {
				return nil, err
			}
			return measureIdle(p)
		}
	}
	return []*measure{{
		name: fmt.Sprintf("%s idle connections", grouped(idleConns)),
		quantities: []quantity{
			{name: ": memory of each", unit: bytesEach, absolute: 8 << 10},
			{name: ": one that calls", unit: seconds},
		},
		ours:      trial(ps.service),
		peers:     []rival{{ps.echo.name, trial(ps.echo)}, {ps.jsonrpc.name, trial(ps.jsonrpc)}},
		maxRounds: 3,
	}}
}

// measureIdle starts a new server, because one that was used before has memory left for
// connections.
func measureIdle(p *peer) ([]float64, error) {
	server, err := p.start()
	if err != nil {
		return nil, err
	}
	defer server.stop()
	active, err := p.dialCaller(server.address, echoMethod, bytes.Repeat([]byte("x"), smallPayload))
	if err != nil {
		return nil, err
	}
	defer active.Close()

	before, err := residentSize(server.pid)
	if err != nil {
		return nil, err
	}
	conns, err := dialMany(p, server.address, idleConns)
	defer closeAll(conns)
	if err != nil {
		return nil, err
	}
	time.Sleep(settleTime)
	after, err := residentSize(server.pid)
	if err != nil {
		return nil, err
	}
	latency, err := medianLatency(active, idleCalls)
	return []float64{float64(after-before) / idleConns, latency}, err
}

func dialMany(p *peer, address string, n int) (conns []net.Conn, err error) {
	type dialed struct {
		conn net.Conn
		err  error
	}
	results := make(chan dialed)
	for i := range dialers {
		go func() {
			for range (n + i) / dialers {
				conn, err := p.connect(address)
				results <- dialed{conn, err}
			}
		}()
	}
	for range n {
		d := <-results
		if d.err != nil {
			err = d.err
			continue
		}
		conns = append(conns, d.conn)
	}
	return conns, err
}

func medianLatency(c caller, n int) (float64, error) {
	took := make([]float64, n)
	for i := range took {
		begin := time.Now()
		if err := c.calls(1); err != nil {
			return 0, err
		}
		took[i] = time.Since(begin).Seconds()
	}
	slices.Sort(took)
	return took[n/2], nil
}

// residentSize is the resident memory of a process, in bytes.
func residentSize(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}

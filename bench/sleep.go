package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	sleepers  = 2000
	sleepTime = 50 * time.Millisecond // the same as in service.lua
)

// sleepMeasures measure calls that all wait at the same time, each on a connection of
// its own.
func sleepMeasures(ps *peers, limit uint64) []*measure {
	trial := func(p *peer) trial {
		return func() ([]float64, error) {
			if err := needDescriptors(sleepers, limit); err != nil {
				return nil, err
			}
			return measureSleep(p)
		}
	}
	return []*measure{{
		name:       fmt.Sprintf("%s calls that each sleep 50 ms", grouped(sleepers)),
		quantities: []quantity{{unit: seconds, goals: map[string]goal{"ideal": atMost(2)}}},
		ours:       trial(ps.service),
		peers:      []rival{{"ideal", constant(sleepTime.Seconds())}, {ps.jsonrpc.name, trial(ps.jsonrpc)}},
	}}
}

func measureSleep(p *peer) ([]float64, error) {
	server, err := p.server()
	if err != nil {
		return nil, err
	}
	callers, err := dialSleepers(p, server.address)
	defer closeAll(callers)
	if err != nil {
		return nil, err
	}
	failed := make([]error, len(callers))
	var running sync.WaitGroup
	begin := time.Now()
	for i, c := range callers {
		running.Go(func() { failed[i] = c.calls(1) })
	}
	running.Wait()
	return []float64{time.Since(begin).Seconds()}, errors.Join(failed...)
}

func dialSleepers(p *peer, address string) (callers []caller, err error) {
	conns, err := dialMany(p, address, sleepers)
	if err != nil {
		closeAll(conns)
		return nil, err
	}
	for _, conn := range conns {
		c, err := p.caller(conn, dozeMethod, []byte("good night"))
		if err != nil {
			return callers, err
		}
		callers = append(callers, c)
	}
	return callers, nil
}

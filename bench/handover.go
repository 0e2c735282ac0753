package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

//go:embed handover.lua
var handoverScript string

// handoverPause is how long a client may wait during a handover, by the number of idle
// connections.
var handoverPause = map[int]time.Duration{100: 50 * time.Millisecond, idleConns: 500 * time.Millisecond}

// handoverMeasures measure the longest call of a client while a new process takes over
// its service.
func handoverMeasures(ctx context.Context, b *built, limit uint64) (measures []*measure) {
	for _, conns := range []int{100, idleConns} {
		measures = append(measures, &measure{
			name:       fmt.Sprintf("handover with %s connections", grouped(conns)),
			quantities: []quantity{{name: ": pause", unit: seconds, absolute: handoverPause[conns].Seconds()}},
			ours: func() ([]float64, error) {
				if err := needDescriptors(conns, limit); err != nil {
					return nil, err
				}
				return measureHandover(ctx, b, conns)
			},
			maxRounds: 5,
		})
	}
	return measures
}

func measureHandover(ctx context.Context, b *built, conns int) ([]float64, error) {
	var pause time.Duration
	err := b.drive(ctx, "handover.lua", handoverScript, func(commands io.Writer, answers *bufio.Scanner) (err error) {
		pause, err = timeHandover(commands, answers, conns)
		return err
	})
	return []float64{pause.Seconds()}, err
}

func timeHandover(commands io.Writer, answers *bufio.Scanner, conns int) (pause time.Duration, err error) {
	answers.Scan()
	address := "127.0.0.1:" + answers.Text()
	idle, err := dialMany(&peer{connect: dialService}, address, conns)
	defer closeAll(idle)
	if err != nil {
		return 0, err
	}
	conn, err := dialService(address)
	if err != nil {
		return 0, err
	}
	payload := bytes.Repeat([]byte("x"), smallPayload)
	active, err := newFramedCaller(conn, encodeCall(echoMethod, payload), payload)
	if err != nil {
		return 0, errors.Join(err, conn.Close())
	}
	defer active.Close()
	var replaced atomic.Bool
	failed := make(chan error, 1)
	go func() { failed <- replace(commands, answers, &replaced) }()
	for !replaced.Load() {
		begin := time.Now()
		if err := active.calls(1); err != nil {
			return 0, err
		}
		pause = max(pause, time.Since(begin))
	}
	return pause, <-failed
}

// replace replaces the service, and then sets done.
func replace(commands io.Writer, answers *bufio.Scanner, done *atomic.Bool) error {
	defer done.Store(true)
	if _, err := fmt.Fprintln(commands, "replace"); err != nil {
		return err
	}
	if !answers.Scan() || answers.Text() != "replaced" {
		return fmt.Errorf("wanted the service to be replaced, got %q", answers.Text())
	}
	return nil
}

package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"avescript/core/connection"
)

//go:embed broker.lua
var brokerScript string

const (
	brokerWaiting  = 2000   // clients in the queue
	brokerShared   = 10     // pieces that these clients wait for
	brokerPieces   = 10_000 // in a large laboratory
	brokerLookups  = 500
	brokerEnrolled = 1500
	brokerAtOnce   = 64 // clients that enrol at the same time

	statusPause = 50 * time.Millisecond
	adminKey    = "admin" // as in broker.lua
)

// brokerMeasures measure a busy broker.
func brokerMeasures(ctx context.Context, b *built, limit uint64) []*measure {
	in := func(pieces int, take func(*brokerUnderTest) ([]float64, error)) trial {
		return func() (values []float64, err error) {
			if err := needDescriptors(brokerWaiting, limit); err != nil {
				return nil, err
			}
			err = b.drive(ctx, "broker.lua", brokerScript, func(commands io.Writer, answers *bufio.Scanner) (err error) {
				broker, err := awaitBroker(commands, answers, pieces)
				if err == nil {
					values, err = take(broker)
				}
				return err
			})
			return values, err
		}
	}
	return []*measure{
		{
			name: fmt.Sprintf("broker, %s clients wait", grouped(brokerWaiting)),
			quantities: []quantity{
				{name: ": CPU of a get and a yield", unit: seconds, absolute: 2e-3},
				{name: ": status", unit: seconds, absolute: 0.1},
			},
			ours: in(brokerShared, (*brokerUnderTest).serveWaiting), maxRounds: 3,
		},
		{
			name: fmt.Sprintf("broker, %s profiles", grouped(brokerPieces)),
			quantities: []quantity{
				{name: ": lookup by uid", unit: seconds, absolute: 1e-3},
				{name: ": CPU of a get and a yield", unit: seconds, absolute: 2e-3},
			},
			ours: in(brokerPieces, (*brokerUnderTest).lookUp), maxRounds: 3,
		},
		{
			name:       fmt.Sprintf("broker, %s clients enrol", grouped(brokerEnrolled)),
			quantities: []quantity{{name: ": CPU", unit: seconds, absolute: 3}, {name: ": time", unit: seconds}},
			ours:       in(1, (*brokerUnderTest).enrolMany), maxRounds: 3,
		},
	}
}

type brokerUnderTest struct {
	address string
	pid     int
}

func awaitBroker(commands io.Writer, answers *bufio.Scanner, pieces int) (*brokerUnderTest, error) {
	if _, err := fmt.Fprintln(commands, pieces); err != nil {
		return nil, err
	}
	var port, pid int
	answers.Scan()
	if _, err := fmt.Sscan(answers.Text(), &port, &pid); err != nil {
		return nil, fmt.Errorf("wanted the broker's port and pid, got %q: %w", answers.Text(), err)
	}
	return &brokerUnderTest{fmt.Sprintf("127.0.0.1:%d", port), pid}, nil
}

// cpu is the processor time that the broker has used.
func (b *brokerUnderTest) cpu() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.pid))
	if err != nil {
		return 0, err
	}
	const user, system, perSecond = 11, 12, 100 // positions of the fields after the name
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	ticks := 0
	for _, field := range []int{user, system} {
		n, err := strconv.Atoi(fields[field])
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return float64(ticks) / perSecond, nil
}

// brokerClient makes calls and waits for their answers.
type brokerClient struct {
	conn    net.Conn
	answers *connection.FrameReader
}

func (b *brokerUnderTest) dial(key string) (*brokerClient, error) {
	conn, err := dial(b.address)
	if err != nil {
		return nil, err
	}
	if err := shakeHands(conn, key); err != nil {
		conn.Close()
		return nil, err
	}
	return &brokerClient{conn, connection.NewFrameReader(conn, math.MaxInt32)}, nil
}

func (c *brokerClient) Close() error { return c.conn.Close() }

func (c *brokerClient) call(into any, method string, arguments ...any) error {
	if arguments == nil {
		arguments = []any{}
	}
	params := map[string]any{"vargs": arguments, "kwargs": map[string]any{}}
	frame, err := json.Marshal(map[string]any{"method": method, "params": params})
	if err != nil {
		return err
	}
	if err := connection.WriteFrame(c.conn, frame); err != nil {
		return err
	}
	text, err := c.answers.Next()
	if err != nil {
		return err
	}
	var answer struct{ Result, Exception json.RawMessage }
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	if answer.Exception != nil {
		return fmt.Errorf("%s: %.200s", method, answer.Exception)
	}
	return json.Unmarshal(answer.Result, into)
}

type leaseRow struct {
	Lease int `json:"lease"`
}

func (c *brokerClient) yield(rows []leaseRow) error {
	ids := []int{}
	for _, row := range rows {
		ids = append(ids, row.Lease)
	}
	var nothing any
	return c.call(&nothing, "yield_leases", ids)
}

// serveWaiting lets one client hold everything, and many wait for one piece each, which
// they yield as soon as they have it.
func (b *brokerUnderTest) serveWaiting() ([]float64, error) {
	relay := map[string]any{"type": "relay"}
	holder, err := b.dial("")
	if err != nil {
		return nil, err
	}
	defer holder.Close()
	wanted := []any{}
	for range brokerShared {
		wanted = append(wanted, relay)
	}
	var held []leaseRow
	if err := holder.call(&held, "lease", wanted); err != nil {
		return nil, err
	}
	clients := make([]*brokerClient, brokerWaiting)
	failed := make([]error, brokerWaiting)
	for i := range clients {
		if clients[i], err = b.dial(""); err != nil {
			return nil, err
		}
		defer clients[i].Close()
	}
	before, err := b.cpu()
	if err != nil {
		return nil, err
	}
	var waiting sync.WaitGroup
	for i, c := range clients {
		time.Sleep(time.Millisecond) // so that not all call at the same moment
		waiting.Go(func() {
			var rows []leaseRow
			if failed[i] = c.call(&rows, "wait_for", []any{relay}, 600); failed[i] == nil {
				failed[i] = c.yield(rows)
			}
		})
	}
	served := make(chan struct{})
	longest := make(chan statusTime, 1)
	all := make(chan struct{})
	go b.watchStatus(brokerWaiting, all, served, longest)
	<-all
	err = holder.yield(held)
	waiting.Wait()
	close(served)
	status := <-longest
	after, cpuErr := b.cpu()
	return []float64{(after - before) / brokerWaiting, status.longest.Seconds()}, errors.Join(err, status.err, cpuErr, errors.Join(failed...))
}

type statusTime struct {
	longest time.Duration
	err     error
}

// watchStatus asks for the status repeatedly. It closes all when enough clients wait,
// and sends the longest time of an answer to result when done is closed.
func (b *brokerUnderTest) watchStatus(wanted int, all chan<- struct{}, done <-chan struct{}, result chan<- statusTime) {
	admin, err := b.dial(adminKey)
	if err != nil {
		close(all)
		result <- statusTime{err: err}
		return
	}
	defer admin.Close()
	var seen statusTime
	for complete := false; ; time.Sleep(statusPause) {
		var status struct{ Waiting int }
		begin := time.Now()
		seen.err = admin.call(&status, "status")
		seen.longest = max(seen.longest, time.Since(begin))
		if !complete && (status.Waiting >= wanted || seen.err != nil) {
			complete = true
			close(all)
		}
		select {
		case <-done:
			result <- seen
			return
		default:
		}
	}
}

// lookUp finds single pieces among many, as an administrator and as a client.
func (b *brokerUnderTest) lookUp() ([]float64, error) {
	admin, err := b.dial(adminKey)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	client, err := b.dial("")
	if err != nil {
		return nil, err
	}
	defer client.Close()
	piece := func(i int) map[string]any {
		return map[string]any{"type": "relay", "uid": fmt.Sprintf("r-%d", 1+i*(brokerPieces/brokerLookups))}
	}
	begin := time.Now()
	for i := range brokerLookups {
		var found []any
		if err := admin.call(&found, "list_equipment", piece(i)); err != nil || len(found) != 1 {
			return nil, errors.Join(err, fmt.Errorf("wanted one piece, got %d", len(found)))
		}
	}
	lookup := time.Since(begin).Seconds() / brokerLookups
	before, err := b.cpu()
	for i := 0; i < brokerLookups && err == nil; i++ {
		var rows []leaseRow
		if err = client.call(&rows, "lease", []any{piece(i)}); err == nil {
			err = client.yield(rows)
		}
	}
	after, cpuErr := b.cpu()
	return []float64{lookup, (after - before) / brokerLookups}, errors.Join(err, cpuErr)
}

// enrolMany lets many clients enrol, which stay connected.
func (b *brokerUnderTest) enrolMany() ([]float64, error) {
	before, err := b.cpu()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	failed := make([]error, brokerEnrolled)
	slots := make(chan struct{}, brokerAtOnce)
	clients := make([]*brokerClient, brokerEnrolled)
	var enrolling sync.WaitGroup
	for i := range clients {
		slots <- struct{}{}
		enrolling.Go(func() {
			defer func() { <-slots }()
			if clients[i], failed[i] = b.dial(""); failed[i] == nil {
				var token string
				failed[i] = clients[i].call(&token, "enroll")
			}
		})
	}
	enrolling.Wait()
	took := time.Since(begin).Seconds()
	after, err := b.cpu()
	for _, c := range clients {
		if c != nil {
			c.Close()
		}
	}
	return []float64{after - before, took}, errors.Join(err, errors.Join(failed...))
}

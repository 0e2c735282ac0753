package control_test

import (
	"bytes"
	"context"
	"encoding/json"

	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/internal/poll"
)

// crowded starts a service with little room, and records its log. A concurrent call of
// "hold" lasts until hold is closed, and so does a call of "stay", which is not
// concurrent.
func crowded(t *testing.T, limits control.Limits) (s *control.Server, log *events, hold chan struct{}) {
	log, hold = &events{}, make(chan struct{})
	var port atomic.Int64
	wait := func(context.Context, *control.Conn, *control.Call) (any, error) {
		<-hold
		return "held", nil
	}
	s, _ = start(t, methods{
		"echo": echo,
		"hold": {control.Method{RPC: true, Concurrent: true}, wait},
		"stay": {rpc, wait},
		"long": constant(json.RawMessage(`"` + strings.Repeat("x", 8<<20) + `"`)),
		"can": {rpc, func(_ context.Context, conn *control.Conn, _ *control.Call) (any, error) {
			return "yes", conn.CanAnswer(8 << 20)
		}},
		"back": {control.Method{RPC: true}, func(_ context.Context, _ *control.Conn, call *control.Call) (any, error) {
			c := control.NewClient(control.ClientOptions{Address: connection.Address{Port: int(port.Load())}})
			defer c.Close()
			vargs := bytes.Clone(call.Vargs)
			call.Release()
			return c.Call(ctx, "there", vargs, nil, late)
		}},
		"there": {control.Method{RPC: true, Concurrent: true}, echo.serve},
	}, control.Options{Limits: limits, Log: func(message string) { log.add("%s", message) }})
	port.Store(int64(s.Address().Port))
	return s, log, hold
}

func frameOf(text string) []byte { return connection.AppendFrame(nil, []byte(text)) }

func refusedBy(t *testing.T, err error, class *exceptions.Class, limit string) {
	t.Helper()
	var e *exceptions.Error
	if !errors.As(err, &e) || e.Class != class || !strings.Contains(e.Message, "("+limit+")") || fmt.Sprintf("%s", e.Details["limit"]) != `"`+limit+`"` {
		t.Errorf("got %v, want a refusal for %s", err, limit)
	}
}

func TestFramesWaitForRoom(t *testing.T) {
	const size = 100 << 10
	s, log, _ := crowded(t, control.Limits{MaxIncoming: size + size/2})
	text := callText("echo", `["`+strings.Repeat("x", size)+`"]`)
	frame := frameOf(text)
	slow, next := dialRaw(t, s).authenticate(), dialRaw(t, s).authenticate()
	slow.Write(frame[:len(frame)/2])
	poll.Until(t, "it is let in", func() bool { return s.Incoming() > 0 })
	next.Write(frame)
	logs(t, log, "has to wait: there is no room yet for its call of ")
	serves(t, s)
	slow.Write(frame[len(frame)/2:])
	for _, r := range []*raw{slow, next} {
		if got := r.get(); len(got) < size {
			t.Errorf("got %.200q", got)
		}
	}
	poll.Until(t, "all is given back", func() bool { return s.Incoming() == 0 })
}

func TestClientThatIsStalledMakesRoom(t *testing.T) {
	const size = 100 << 10
	s, log, _ := crowded(t, control.Limits{MaxIncoming: size + size/2})
	frame := frameOf(callText("echo", `["`+strings.Repeat("x", size)+`"]`))
	var stalled []*raw
	for range 3 {
		r := dialRaw(t, s).authenticate()
		r.Write(frame[:len(frame)/2])
		stalled = append(stalled, r)
	}
	poll.Until(t, "one is let in", func() bool { return s.Incoming() > 0 })
	if got, err := call(newClient(t, s, ""), "echo", strings.Repeat("y", size)); len(got) != size+2 || err != nil {
		t.Errorf("got %.200q, %v", got, err)
	}
	logs(t, log, "it stopped sending a call while others waited for room (max_incoming)")
	if got := stalled[0].get(); !strings.Contains(got, "while others waited for room (max_incoming)") {
		t.Errorf("got %.200q", got)
	}
	stalled[0].want("<closed>")
}

// slowListener is a listener on a machine that is too busy for its first client: only
// some bytes of it are read before resume is closed.
type slowListener struct {
	net.Listener
	resume chan struct{}
	others bool
}

type slowConn struct {
	*net.TCPConn
	resume chan struct{}
	left   int
}

func (l *slowListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil || l.others {
		return conn, err
	}
	l.others = true
	return &slowConn{conn.(*net.TCPConn), l.resume, 50 << 10}, nil
}

func (c *slowConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		<-c.resume
	}
	n, err := c.TCPConn.Read(p[:min(len(p), 4<<10)])
	c.left -= n
	return n, err
}

// It is not the client's fault if the service is slow.
func TestClientThatTheServiceIsBehindWithIsNotStalled(t *testing.T) {
	const size = 100 << 10
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := &slowListener{Listener: tcp, resume: make(chan struct{})}
	log := &events{}
	s, _ := start(t, methods{"echo": echo}, control.Options{Listener: listener, Limits: control.Limits{MaxIncoming: size + size/2}, Log: func(m string) { log.add("%s", m) }})
	frame := frameOf(callText("echo", `["`+strings.Repeat("x", size)+`"]`))
	var clients []*raw
	for range 2 {
		r := dialRaw(t, s).authenticate()
		r.Write(frame)
		clients = append(clients, r)
		poll.Until(t, "it is let in", func() bool { return s.Incoming() > 0 })
	}
	logs(t, log, "has to wait: there is no room yet for its call of ")
	time.Sleep(control.StallTime + time.Second)
	close(listener.resume)
	for _, r := range clients {
		if got := r.get(); len(got) < size {
			t.Errorf("got %.200q", got)
		}
	}
}

// A call that waits for a call that itself waits for it is refused in the end.
func TestWaitForRoomEnds(t *testing.T) {
	const size = 100 << 10
	s, _, hold := crowded(t, control.Limits{MaxIncoming: size + size/2, FrameTimeout: 100 * time.Millisecond})
	running, waiting := newClient(t, s, ""), newClient(t, s, "")
	go call(running, "stay")
	poll.Until(t, "it is called", func() bool { return s.UnderWay() == 1 })
	long := strings.Repeat("x", size)
	queued := make(chan error, 1)
	go func() {
		_, err := call(waiting, "echo", long)
		queued <- err
	}()
	poll.Until(t, "another call has come", func() bool { return s.UnderWay() == 2 })
	_, err := call(newClient(t, s, ""), "there", long)
	refusedBy(t, err, exceptions.AveException, "max_incoming")
	close(hold)
	if err := <-queued; err != nil {
		t.Error(err)
	}
}

func TestCallCanCallItsOwnService(t *testing.T) {
	const size = 100 << 10
	s, _, _ := crowded(t, control.Limits{MaxIncoming: size + size/2, MaxValues: 3 * size})
	if got, err := call(newClient(t, s, ""), "back", strings.Repeat("x", size)); len(got) != size+2 || err != nil {
		t.Errorf("got %.200q, %v", got, err)
	}
}

func TestValuesThatAreTooMuch(t *testing.T) {
	const size = 100 << 10
	s, log, hold := crowded(t, control.Limits{MaxValues: size + size/2, FrameTimeout: 100 * time.Millisecond})
	c := newClient(t, s, "")
	_, err := call(c, "echo", strings.Repeat("x", 2*size))
	refusedBy(t, err, exceptions.OverflowError, "max_values")
	logs(t, log, "made a call whose values would take ")
	if got, err := call(c, "echo", 1); got != "1" || err != nil {
		t.Errorf("the client's next call: got %s, %v", got, err)
	}
	long := strings.Repeat("x", size)
	held := make(chan error, 1)
	go func() {
		_, err := call(newClient(t, s, ""), "hold", long)
		held <- err
	}()
	poll.Until(t, "a call holds its values", func() bool { return s.Values() > 0 })
	for _, method := range []string{"there", "echo"} {
		_, err = call(c, method, long)
		refusedBy(t, err, exceptions.AveException, "max_values")
	}
	close(hold)
	if err := <-held; err != nil {
		t.Error(err)
	}
	poll.Until(t, "all is given back", func() bool { return s.Values() == 0 })
}

// A call that has to wait for its turn anyway is not refused meanwhile.
func TestCallsWaitForRoomWhileAnotherHasItsTurn(t *testing.T) {
	const size = 100 << 10
	s, log, hold := crowded(t, control.Limits{MaxValues: size + size/2, FrameTimeout: 100 * time.Millisecond})
	long := strings.Repeat("x", size)
	go call(newClient(t, s, ""), "stay", long)
	poll.Until(t, "a call has its turn", func() bool { return s.Values() > 0 })
	waiting := make(chan error, 1)
	go func() {
		_, err := call(newClient(t, s, ""), "echo", long)
		waiting <- err
	}()
	logs(t, log, "has to wait: there is no room yet for the values of its call, which take ")
	_, err := call(newClient(t, s, ""), "there", long) // it waits longer than the previous call could
	refusedBy(t, err, exceptions.AveException, "max_values")
	close(hold)
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	poll.Until(t, "all is given back", func() bool { return s.Values() == 0 })
}

// Long work is done while other calls are served.
func TestManyValuesAreDecodedBeforeTheTurn(t *testing.T) {
	decoding, decode := make(chan struct{}), make(chan struct{})
	got := make(chan any, 1)
	keep := method{rpc, func(_ context.Context, _ *control.Conn, call *control.Call) (any, error) {
		got <- call.Values
		return nil, nil
	}}
	s, _ := start(t, methods{"echo": echo, "keep": keep}, control.Options{Decode: func(call *control.Call) {
		close(decoding)
		<-decode
		call.Values = len(call.Vargs)
	}})
	kept := make(chan error, 1)
	const size = 100 << 10
	go func() {
		_, err := call(newClient(t, s, ""), "keep", strings.Repeat("x", size))
		kept <- err
	}()
	<-decoding
	serves(t, s)
	close(decode)
	if err := <-kept; err != nil {
		t.Fatal(err)
	}
	if values := <-got; values != size+len(`[""]`) {
		t.Errorf("the handler got %v", values)
	}
	poll.Until(t, "all is given back", func() bool { return s.Values() == 0 })
}

func TestAnswersThatNobodyReads(t *testing.T) {
	const size = 8<<20 + 2
	s, log, _ := crowded(t, control.Limits{MaxUnread: 20 << 20})
	var deaf []*raw
	c := newClient(t, s, "")
	if _, err := call(c, "can"); err != nil {
		t.Error(err)
	}
	var err, early error
	poll.Until(t, "there is no room for an answer", func() bool {
		for s.Unread() < 2*size { // those that have been stalled longest make room
			r := dialRaw(t, s)
			r.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
			before := s.Unread()
			r.authenticate().put(callText("long", "[]"))
			deaf = append(deaf, r)
			poll.Until(t, "it has an answer to read", func() bool { return s.Unread() != before })
		}
		_, early = call(c, "can")
		_, err = call(c, "long")
		return err != nil && early != nil
	})
	refusedBy(t, err, exceptions.AveException, "max_unread")
	refusedBy(t, early, exceptions.AveException, "max_unread")
	logs(t, log, fmt.Sprintf("gets no answer: there is no room for %d bytes (max_unread)", size))
	serves(t, s)
	poll.Until(t, "one of them makes room", func() bool {
		got, err := call(c, "long")
		return err == nil && len(got) == size
	})
	poll.Until(t, "it is disconnected", func() bool { return len(s.Connections()) <= len(deaf) })
	for _, r := range deaf {
		r.Close()
	}
	poll.Until(t, "all is given back", func() bool { return s.Unread() == 0 })
}

// Clients that wait for room are handed over with everything they have sent.
func TestClientsThatWaitForRoomAreHandedOver(t *testing.T) {
	const clients, size = 10, 100 << 10
	limits := control.Limits{MaxIncoming: size + size/2}
	s, _ := start(t, generation(0, nil), control.Options{Anonymous: true, Limits: limits})
	value := `"` + strings.Repeat("x", size) + `"`
	frame := frameOf(callText("echo", "["+value+"]"))
	var all []*raw
	for range clients {
		r := dialRaw(t, s).authenticate()
		r.Write(frame[:len(frame)-1])
		all = append(all, r)
	}
	poll.Until(t, "one is let in", func() bool { return s.Incoming() > 0 })
	next := successor(t, s, generation(1, nil), control.Options{Anonymous: true, Limits: limits})
	for _, r := range all {
		r.Write(frame[len(frame)-1:])
	}
	for _, r := range all {
		if got := r.get(); got != answerText(value) {
			t.Errorf("got %.200q, of %d bytes", got, len(got))
		}
	}
	poll.Until(t, "all is given back", func() bool { return next.Incoming() == 0 })
}

// The same applies to calls that wait for room for their values; they begin in the new
// process.
func TestCallsThatWaitForRoomAreHandedOver(t *testing.T) {
	const size = 100 << 10
	limits := control.Limits{MaxValues: size + size/2}
	hold := make(chan struct{})
	log := &events{}
	stay := map[string]method{"stay": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		<-hold
		return "stayed", nil
	}}}
	s, _ := start(t, generation(0, stay), control.Options{Anonymous: true, Limits: limits, Log: func(m string) { log.add("%s", m) }})
	value := `"` + strings.Repeat("x", size) + `"`
	running, waiting := dialRaw(t, s).authenticate(), dialRaw(t, s).authenticate()
	running.Write(frameOf(callText("stay", "["+value+"]")))
	poll.Until(t, "a call has its turn", func() bool { return s.Values() > 0 })
	waiting.Write(frameOf(callText("echo", "["+value+"]")))
	logs(t, log, "has to wait: there is no room yet for the values of its call, which take ")
	onceFrozen(s, func() { close(hold) })
	next := successor(t, s, generation(1, nil), control.Options{Anonymous: true, Limits: limits})
	if got := running.get(); got != answerText(`"stayed"`) {
		t.Errorf("got %.200q", got)
	}
	if got := waiting.get(); got != answerText(value) {
		t.Errorf("got %.200q, of %d bytes", got, len(got))
	}
	if old, now := s.Values(), next.Values(); old != 0 || now != 0 {
		t.Errorf("%d bytes are taken in the old process, %d in the new one", old, now)
	}
}

// The end of the service ends the wait.
func TestShutdownEndsTheWaitForRoom(t *testing.T) {
	const size = 100 << 10
	log := &events{}
	s, stop := start(t, methods{"hold": {control.Method{RPC: true, Concurrent: true}, func(ctx context.Context, _ *control.Conn, _ *control.Call) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}}, control.Options{Limits: control.Limits{MaxValues: size + size/2}, Log: func(m string) { log.add("%s", m) }})
	frame := frameOf(callText("hold", `["`+strings.Repeat("x", size)+`"]`))
	var all []*raw
	for range 4 {
		r := dialRaw(t, s).authenticate()
		r.Write(frame)
		all = append(all, r)
	}
	logs(t, log, "has to wait: there is no room yet for the values of its call, which take ")
	stop()
	for _, r := range all {
		if got := r.get(); !strings.Contains(got, `"Exit"`) {
			t.Errorf("got %.200q", got)
		}
	}
	if used := s.Values() + s.Incoming() + s.Unread(); used != 0 {
		t.Errorf("%d bytes are still taken", used)
	}
}

func TestRemovedClientWaitsForNoRoom(t *testing.T) {
	const size = 100 << 10
	s, log, _ := crowded(t, control.Limits{MaxIncoming: size + size/2})
	frame := frameOf(callText("echo", `["`+strings.Repeat("x", size)+`"]`))
	for range 2 {
		dialRaw(t, s).authenticate().Write(frame[:len(frame)/2])
	}
	logs(t, log, "has to wait: there is no room yet for its call of ")
	for _, c := range s.Connections() {
		s.RemoveConnection(c)
	}
	poll.Until(t, "both are gone", func() bool { return len(s.Connections()) == 0 })
}

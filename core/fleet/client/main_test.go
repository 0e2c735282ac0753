package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/internal/goroutines"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"host": runHost, "avelab": runAvelab})
	code := m.Run()
	endShared()
	if err := goleak.Find(goroutines.LeftByPut()); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// stage is a real server, with a leader that decides what the test says.
type stage struct {
	t      *testing.T
	dir    string
	port   int
	server *server.Server
	hub    *link.Link

	mu      sync.Mutex
	asked   []string      // the verbs
	submits []wire.Submit // all parts
	cancels []wire.Cancel
	refuse  *wire.Answer // the answer to a submission
	unknown bool         // no run is known
	seq     uint64
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), port: -1, seq: 10}
	s.start()
	t.Cleanup(func() {
		s.hub.Close()
		s.stop()
	})
	s.makeStores()
	return s
}

func (s *stage) makeStores() {
	t, ctx := s.t, poll.Context(s.t)
	t.Helper()
	poll.Until(t, "there is a connection", s.hub.Conn.IsConnected)
	for _, config := range []jetstream.StreamConfig{
		{Name: wire.OutputStream, Subjects: []string{wire.OutputAll, wire.NoteAll}, AllowDirect: true},
	} {
		if _, err := s.hub.JS.CreateStream(ctx, config); err != nil {
			t.Fatal(err)
		}
	}
	for _, bucket := range []string{wire.CodeStore, wire.ArtifactStore} {
		if _, err := s.hub.JS.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: bucket}); err != nil {
			t.Fatal(err)
		}
	}
}

// start starts the server, at the same port as before.
func (s *stage) start() {
	s.t.Helper()
	options := &server.Options{Host: "127.0.0.1", Port: s.port, JetStream: true, StoreDir: s.dir, NoSigs: true, NoLog: true}
	made, err := server.NewServer(options)
	if err != nil {
		s.t.Fatal(err)
	}
	made.Start()
	if !made.ReadyForConnections(30 * time.Second) {
		s.t.Fatal("the server did not start")
	}
	s.server = made
	if s.hub != nil {
		return // it connects again
	}
	s.port = options.Port
	s.hub = s.dial(wire.Hub, "hub")
	if _, err := s.hub.Conn.Subscribe(wire.RequestAll, s.answer); err != nil {
		s.t.Fatal(err)
	}
}

// stop stops the server. The connection of the leader has noticed it.
func (s *stage) stop() {
	s.t.Helper()
	s.server.Shutdown()
	s.server.WaitForShutdown()
	poll.Until(s.t, "the connection is broken", func() bool { return !s.hub.Conn.IsConnected() })
}

func (s *stage) dial(role, name string) *link.Link {
	s.t.Helper()
	l, err := link.Dial(s.t.Context(), link.Config{URL: fmt.Sprintf("nats://127.0.0.1:%d", s.port), Role: role, Name: name})
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// user is a connection that is closed with the test.
func (s *stage) user() *link.Link {
	l := s.dial(wire.User, "ann")
	s.t.Cleanup(l.Close)
	return l
}

func (s *stage) answer(m *nats.Msg) {
	_, _, verb, err := link.Sender(m)
	if err != nil {
		s.t.Error(err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, verb)
	var answer wire.Answer
	switch verb {
	case wire.VerbSubmit:
		var submit wire.Submit
		_ = json.Unmarshal(m.Data, &submit)
		if s.refuse == nil && submit.Last {
			go s.submitted(submit, m)
			return
		}
		s.submits = append(s.submits, submit)
		if s.refuse != nil {
			answer = *s.refuse
		}
	case wire.VerbCancel:
		var cancel wire.Cancel
		_ = json.Unmarshal(m.Data, &cancel)
		s.cancels = append(s.cancels, cancel)
		if s.unknown {
			answer = wire.Answer{Code: wire.CodeUnknown, Error: "no such run"}
		}
	}
	_ = link.Respond(m, answer)
}

// submitted takes the last part of a submission.
func (s *stage) submitted(submit wire.Submit, m *nats.Msg) {
	s.note(submit.Run.ID, wire.Note{Kind: wire.NoteSubmitted, Jobs: submit.First + len(submit.Jobs), User: "ann"})
	s.mu.Lock()
	s.submits = append(s.submits, submit)
	s.mu.Unlock()
	_ = link.Respond(m, wire.Answer{})
}

// publish writes into the stream once, however long that takes.
func (s *stage) publish(subject string, body any) {
	s.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Error(err)
		return
	}
	id := nats.NewInbox() // of the message: only its answer may be late
	for ctx := s.t.Context(); ctx.Err() == nil; {
		limited, cancel := context.WithTimeout(ctx, time.Second)
		_, err = s.hub.JS.Publish(limited, subject, data, jetstream.WithMsgID(id))
		cancel()
		if err == nil {
			return
		}
	}
}

func (s *stage) note(run string, n wire.Note) wire.Token {
	s.mu.Lock()
	s.seq++
	n.Run, n.Place, n.Time = run, wire.Token{Seq: s.seq}, float64(1000+s.seq)
	if n.Kind == wire.NoteStarted {
		n.Token = n.Place
	}
	s.mu.Unlock()
	s.publish(wire.NoteSubject(run), wire.Notes{n})
	return n.Place
}

func (s *stage) output(run, host string, job int, token wire.Token, o wire.Output) {
	s.publish(wire.OutputSubject(host, run, job, token), o)
}

// play gives a job to a host, where it passes.
func (s *stage) play(run, host string, job int, name string) {
	token := s.note(run, wire.Note{Kind: wire.NoteStarted, Job: job, Name: name, Host: host})
	began := harness.Event{Kind: harness.TestStarted, Path: []string{"works"}, Line: 1, Time: 1}
	ended := began
	ended.Kind, ended.Status, ended.Seconds, ended.Output = harness.TestFinished, harness.Passed, 0.5, "hello\n"
	s.output(run, host, job, token, wire.Output{Events: []harness.Event{began}, Log: "starts\n"})
	s.output(run, host, job, token, wire.Output{N: 1, Events: []harness.Event{ended}})
	s.note(run, wire.Note{Kind: wire.NoteFinished, Job: job, Name: name, Host: host, Token: token, Outcome: &wire.Outcome{Status: wire.Done, Passed: true}})
}

// waits waits until the leader was asked.
func (s *stage) waits(what string, holds func() bool) {
	s.t.Helper()
	poll.Until(s.t, what, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return holds()
	})
}

func (s *stage) put(store, name string, data []byte) {
	s.t.Helper()
	objects, err := s.hub.JS.ObjectStore(poll.Context(s.t), store)
	if err == nil {
		_, err = objects.Put(poll.Context(s.t), jetstream.ObjectMeta{Name: name}, bytes.NewReader(data))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

package page_test

import (
	"encoding/json"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
	"avescript/internal/natstest"
	"avescript/internal/poll"
)

// outputs is a real server with the stream of outputs and the store of artifacts.
type outputs struct {
	t      testing.TB
	js     jetstream.JetStream
	server *server.Server // nil if it is a hub's
}

func newOutputs(t testing.TB) outputs {
	t.Helper()
	s := natstest.Start(t, &server.Options{JetStream: true, StoreDir: t.TempDir()})
	c, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	js, err := jetstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx := poll.Context(t)
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: wire.OutputStream, Subjects: []string{wire.NoteAll, wire.OutputAll}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: wire.ArtifactStore}); err != nil {
		t.Fatal(err)
	}
	return outputs{t, js, s}
}

func (o outputs) publish(subject string, value any) uint64 {
	o.t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		o.t.Fatal(err)
	}
	ack, err := o.js.Publish(poll.Context(o.t), subject, text)
	if err != nil {
		o.t.Fatal(err)
	}
	return ack.Sequence
}

func (o outputs) note(n wire.Note) uint64 {
	o.t.Helper()
	return o.publish(wire.NoteSubject(n.Run), wire.Notes{n})
}

func (o outputs) output(host, run string, job int, token wire.Token, out wire.Output) uint64 {
	o.t.Helper()
	return o.publish(wire.OutputSubject(host, run, job, token), out)
}

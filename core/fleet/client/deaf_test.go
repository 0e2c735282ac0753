package client_test

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"avescript/core/fleet/client"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/internal/natstest"
	"avescript/internal/poll"
)

// deaf is a user whose hub reaches no leader and has no stores. The stage is the other hub.
func (s *stage) deaf() *link.Link {
	s.t.Helper()
	cutOff := natstest.Start(s.t, &server.Options{})
	s.stop() // so that the link takes the other one
	l, err := link.Dial(s.t.Context(), link.Config{
		URL: cutOff.ClientURL(), Others: fmt.Sprintf("nats://127.0.0.1:%d", s.port), Role: wire.User, Name: "ann",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(l.Close)
	s.start()
	return l
}

// Who submits a run, which begins with its code, leaves a hub that does not reach the others.
func TestSubmitAtDeafHub(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	sub := project(t)
	sub.Detach = true
	run := s.submitBy(s.deaf(), sub)
	if list, _ := run.all(); len(list) != 1 || list[0] != "submitted 0" {
		t.Errorf("got %v", list)
	}
	if err := <-run.ended; err != nil {
		t.Error(err)
	}
}

// So does who attaches to a run.
func TestAttachAtDeafHub(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	l := s.deaf()
	s.note("r1", wire.Note{Kind: wire.NoteSubmitted, Jobs: 1})
	s.play("r1", "lab-1", 0, "a_spec.lua")
	s.note("r1", wire.Note{Kind: wire.NoteOver, Jobs: 1})
	var out screen
	if err := client.Attach(poll.Context(t), l, client.AttachOptions{Run: "r1", Stdout: &out, Stderr: &out}); err != nil {
		t.Errorf("got %v and:\n%s", err, out.String())
	}
}

package control_test

import (
	"context"
	"testing"
	"time"

	"avescript/core/control"
	"avescript/internal/poll"
)

func TestSilence(t *testing.T) {
	const while = 20 * time.Millisecond
	came := make(chan *control.Conn, 1)
	s, _ := start(t, methods{"work": {control.Method{RPC: true, Concurrent: true},
		func(_ context.Context, c *control.Conn, _ *control.Call) (any, error) {
			<-time.After(while)
			return c.Silence(), nil
		}}}, control.Options{Callbacks: control.Callbacks{NewConnection: func(_ context.Context, c *control.Conn) error {
		came <- c
		return nil
	}}})
	c := newClient(t, s, "")
	for range 2 {
		if got, err := call(c, "work"); got != "0" || err != nil {
			t.Errorf("while it calls it is silent for %s, %v", got, err)
		}
	}
	client := <-came
	poll.Until(t, "the client is silent", func() bool { return client.Silence() > while })
	if _, err := call(c, "work"); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	poll.Until(t, "the call has ended", func() bool { return client.Silence() > 0 })
	if got := client.Silence(); got > time.Since(before)+while {
		t.Errorf("silent for %s right after a call", got)
	}
}

package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// The notes are published in batches, one message for each run. Each message says where its
// batch began: everything before was published. So a new leader knows where to go on, even
// if only a part of a batch was written.
const (
	fromHeader  = "Ave-From"
	mostNotes   = 1000 // in a batch
	noteTimeout = 5 * time.Second
	noteRetry   = 200 * time.Millisecond
)

// noter publishes notes after they were committed.
type noter struct {
	hub *Hub

	mu     sync.Mutex
	queue  []wire.Note // in order of the ledger; the first ones are being published
	filled chan struct{}
}

// newNoter starts with the notes that may not have been published by an earlier leader.
func newNoter(ctx context.Context, h *Hub, pending []wire.Note) (*noter, error) {
	from, err := lastNoted(ctx, h.stores.output)
	if err != nil {
		return nil, err
	}
	pending = slices.DeleteFunc(pending, func(n wire.Note) bool { return n.Place.Less(from) })
	n := &noter{hub: h, filled: make(chan struct{}, 1)}
	n.add(pending)
	return n, nil
}

// lastNoted is the place before which all notes were published.
func lastNoted(ctx context.Context, output jetstream.Stream) (from wire.Token, err error) {
	m, err := output.GetLastMsgForSubject(ctx, wire.NoteAll)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return from, nil
	}
	if err != nil {
		return from, fmt.Errorf("cannot find the last note: %w", err)
	}
	from, err = wire.ParseToken(m.Header.Get(fromHeader))
	if err != nil || link.IsEchoByGet(m.Header) {
		return wire.Token{}, nil // written by somebody else: publish all again
	}
	return from, nil
}

func (n *noter) add(notes []wire.Note) {
	if len(notes) == 0 {
		return
	}
	n.mu.Lock()
	n.queue = append(n.queue, notes...)
	n.mu.Unlock()
	select {
	case n.filled <- struct{}{}:
	default:
	}
}

// pending are the notes that may not have been published.
func (n *noter) pending() []wire.Note {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.queue)
}

// run publishes until the context ends.
func (n *noter) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.filled:
		}
		for n.publish(ctx) {
		}
	}
}

// publish publishes one batch, and reports whether there may be more.
func (n *noter) publish(ctx context.Context) bool {
	n.mu.Lock()
	batch := n.queue[:min(len(n.queue), mostNotes)]
	n.mu.Unlock()
	if len(batch) == 0 {
		return false
	}
	for {
		err := n.send(ctx, batch)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return false
		}
		if !n.hub.disk.isFull() {
			n.hub.options.Log("cannot publish notes, will try again: %v", err)
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(noteRetry):
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queue = n.queue[len(batch):]
	if len(n.queue) == 0 {
		n.queue = nil // let go of the memory
	}
	return true
}

// send publishes the messages of a batch and waits until all are stored.
func (n *noter) send(ctx context.Context, batch []wire.Note) error {
	ctx, cancel := context.WithTimeout(ctx, noteTimeout)
	defer cancel()
	runs := map[string]wire.Notes{}
	var order []string
	for _, note := range batch {
		if runs[note.Run] == nil {
			order = append(order, note.Run)
		}
		runs[note.Run] = append(runs[note.Run], note)
	}
	for _, run := range order {
		messages, err := messages(runs[run])
		if err != nil {
			return err
		}
		for _, data := range messages {
			m := &nats.Msg{Subject: wire.NoteSubject(run), Data: data, Header: nats.Header{fromHeader: {batch[0].Place.String()}}}
			if _, err := n.hub.js.PublishMsg(ctx, m); err != nil {
				return fmt.Errorf("run %s: %w", run, err)
			}
		}
	}
	return nil
}

// noteBytes is about how many bytes of notes a message has: a note may quote output.
const noteBytes = 256 << 10

// messages are the contents of messages with some notes.
func messages(notes wire.Notes) (all [][]byte, err error) {
	first, size := 0, 0
	for i, n := range notes {
		size += len(n.Reason) + 300
		if n.Outcome != nil {
			size += len(n.Outcome.Message)
		}
		if size < noteBytes && i < len(notes)-1 {
			continue
		}
		data, err := plain(notes[first : i+1])
		if err != nil {
			return nil, err
		}
		all = append(all, data)
		first, size = i+1, 0
	}
	return all, nil
}

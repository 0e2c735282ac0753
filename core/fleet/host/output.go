package host

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
)

const (
	batchTime  = 50 * time.Millisecond // how long output is collected
	batchBytes = 256 << 10             // about the largest message, unless one event is larger

	// mostWaiting is how much output of a job may wait for the hub. A job that says more
	// has to wait.
	mostWaiting = 32 << 20

	ackTime   = 5 * time.Second
	publishIn = 100 * time.Millisecond // between two tries
)

// output is what a job says. It is kept until the hub has it on its disk, because the
// result of a job counts only together with its output.
type output struct {
	link    *link.Link
	subject string

	mu      sync.Mutex
	changed *sync.Cond
	waiting []part
	bytes   int // of waiting
	next    int // N of the next message
	sending bool
	hurry   bool // send at once
	closed  bool
}

// part is a piece of output, with its size as JSON.
type part struct {
	wire.Output
	size int
}

func newOutput(l *link.Link, subject string) *output {
	o := &output{link: l, subject: subject}
	o.changed = sync.NewCond(&o.mu)
	return o
}

// add adds output. It waits while there is too much already.
func (o *output) add(out wire.Output) {
	text, err := json.Marshal(out)
	if err != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.bytes > mostWaiting && !o.closed {
		o.changed.Wait()
	}
	o.waiting = append(o.waiting, part{out, len(text)})
	o.bytes += len(text)
	o.changed.Broadcast()
}

// isFull reports whether the job has to wait.
func (o *output) isFull() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes > mostWaiting
}

// send sends the output until ctx ends.
func (o *output) send(ctx context.Context) {
	defer context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.closed = true
		o.changed.Broadcast()
	})()
	for {
		if !o.await() {
			return
		}
		o.collect(ctx)
		message, ok := o.batch()
		if !ok {
			continue
		}
		if !o.publish(ctx, message) {
			return
		}
		o.mu.Lock()
		o.sending = false
		o.changed.Broadcast()
		o.mu.Unlock()
	}
}

// await waits for output.
func (o *output) await() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.waiting) == 0 && !o.closed {
		o.changed.Wait()
	}
	return !o.closed
}

// collect waits for more output for a moment, unless somebody waits for the end of it.
func (o *output) collect(ctx context.Context) {
	const step = 5 * time.Millisecond
	for end := time.Now().Add(batchTime); time.Now().Before(end); {
		o.mu.Lock()
		enough := o.hurry || o.bytes >= batchBytes
		o.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(step):
		}
	}
}

// batch takes what fits into a message. Events are joined; other parts are sent as they
// are, so that their order is kept.
func (o *output) batch() (message wire.Output, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, size := 0, 0
	for n < len(o.waiting) {
		p := o.waiting[n]
		joins := n == 0 || len(message.Events) > 0 && len(p.Events) > 0
		if !joins || n > 0 && size+p.size > batchBytes {
			break
		}
		events := append(message.Events, p.Events...)
		message = p.Output
		message.Events = events
		size += p.size
		n++
	}
	if n == 0 {
		return message, false
	}
	message.N = o.next
	o.next++
	o.waiting = o.waiting[n:]
	o.bytes -= size
	o.sending = true
	return message, true
}

// publish sends a message until the hub has written it.
func (o *output) publish(ctx context.Context, message wire.Output) bool {
	data, err := json.Marshal(message)
	if most := int(o.link.Conn.MaxPayload()) - 4<<10; err == nil && len(data) > most && most > 0 {
		data, err = json.Marshal(cut(message, most))
	}
	if err != nil {
		return true
	}
	for {
		limited, cancel := context.WithTimeout(ctx, ackTime)
		_, err := o.link.JS.PublishMsg(limited, &nats.Msg{Subject: o.subject, Data: data})
		cancel()
		if err == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(publishIn):
		}
	}
}

// cut shortens the texts of events that are too large for one message: their beginning and
// end are kept.
func cut(message wire.Output, most int) wire.Output {
	const others = 4 << 10 // bytes of the other fields of an event
	texts := len(message.Events) + 1
	keep := max(0, most/texts-others) / 6 / 2 // a byte may need six in JSON
	events := make([]harness.Event, 0, len(message.Events))
	for _, e := range message.Events {
		if len(e.Output) > 2*keep {
			e.Output = harness.Text(e.Output[:keep]) + harness.LeftOut(len(e.Output)-2*keep) + harness.Text(e.Output[len(e.Output)-keep:])
		}
		events = append(events, e)
	}
	message.Events = events
	if len(message.Log) > 2*keep {
		message.Log = harness.Text(message.Log[:keep]) + harness.LeftOut(len(message.Log)-2*keep)
	}
	return message
}

// flush waits until the hub has all output.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hurry = true
	defer func() { o.hurry = false }()
	for (len(o.waiting) > 0 || o.sending) && !o.closed {
		o.changed.Wait()
	}
}

package page

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// item is a message about a run, as browsers get it.
type item struct {
	Seq    uint64          `json:"seq"` // in the stream
	Notes  json.RawMessage `json:"notes,omitempty"`
	Host   string          `json:"host,omitempty"` // of the output, like the next two
	Job    int             `json:"job"`
	Token  string          `json:"token,omitempty"`
	Output json.RawMessage `json:"output,omitempty"`
}

// Items are sent together when there are many, to spare the browser.
const (
	mostItems  = 200
	mostBytes  = 256 << 10
	quietAfter = 3 * time.Second // then a reader hears that all is well
)

// serveRun sends all notes and outputs of a run, from the beginning or after those that the
// reader has, and goes on with new ones. The number of a message in the stream is the
// event's id, so nothing is missed when a reader comes back.
func (p *Page) serveRun(w http.ResponseWriter, r *http.Request) {
	run := r.PathValue("run")
	if wire.CheckName(run) != nil || p.options.JetStream == nil {
		http.NotFound(w, r)
		return
	}
	e := p.startEvents(w)
	if e == nil {
		return
	}
	defer p.leave()
	who, _ := p.identity(r)
	after, _ := strconv.ParseUint(lastEvent(r), 10, 64)
	if err := p.follow(r.Context(), e, who, run, after); err != nil && r.Context().Err() == nil {
		p.options.Log.Printf("page of run %s: %v", run, err)
	}
}

func (p *Page) follow(ctx context.Context, e *events, who Identity, run string, after uint64) error {
	if err := e.send("start", "", []byte("{}")); err != nil {
		return err
	}
	stream, err := p.options.JetStream.Stream(ctx, wire.OutputStream)
	if err != nil {
		return err
	}
	config := jetstream.OrderedConsumerConfig{FilterSubjects: wire.RunSubjects(run)}
	if after > 0 && after <= stream.CachedInfo().State.LastSeq {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, after+1
	} else if after > 0 { // the stream is another one than the reader knows
		if err := e.send("reset", "0", []byte("{}")); err != nil {
			return err
		}
	}
	messages, pending, err := consume(ctx, p.options.JetStream, config)
	if err != nil {
		return err
	}
	defer messages.Stop()
	if pending == 0 {
		if err := e.send("live", "", []byte("{}")); err != nil {
			return err
		}
	}
	return p.pass(ctx, e, who, messages)
}

// pass sends messages as they come: at once, but not one by one if there are many.
func (p *Page) pass(ctx context.Context, e *events, who Identity, messages jetstream.MessagesContext) error {
	live := false
	for {
		batch, pending, err := collect(ctx, messages)
		if err != nil {
			return err
		}
		if !p.stillAllowed(who) {
			return errors.New("the reader's key was revoked")
		}
		if len(batch) == 0 {
			if err := e.send("tick", "", []byte("{}")); err != nil {
				return err
			}
			continue
		}
		text, err := json.Marshal(batch)
		if err != nil {
			return err
		}
		if err := e.send("items", strconv.FormatUint(batch[len(batch)-1].Seq, 10), text); err != nil {
			return err
		}
		if pending == 0 && !live {
			live = true
			if err := e.send("live", "", []byte("{}")); err != nil {
				return err
			}
		}
	}
}

// collect waits for a message, and takes those that are there already. It returns nothing if
// there was none for a while.
func collect(ctx context.Context, messages jetstream.MessagesContext) (batch []item, pending uint64, err error) {
	wait, size := quietAfter, 0
	for len(batch) < mostItems && size < mostBytes {
		limited, cancel := context.WithTimeout(ctx, wait)
		m, err := messages.Next(jetstream.NextContext(limited))
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return batch, pending, ctx.Err()
		}
		if err != nil {
			return batch, pending, err
		}
		meta, err := m.Metadata()
		if err != nil {
			continue // it is not from a stream
		}
		pending = meta.NumPending
		if link.IsEcho(m.Headers()) {
			continue
		}
		if it, ok := itemOf(m.Subject(), meta.Sequence.Stream, m.Data()); ok {
			batch = append(batch, it)
			size += len(m.Data())
		}
		if pending == 0 && len(batch) > 0 {
			return batch, pending, nil
		}
		wait = 20 * time.Millisecond
	}
	return batch, pending, nil
}

// itemOf reads a message. One that is not JSON is left out.
func itemOf(subject string, seq uint64, data []byte) (item, bool) {
	if !json.Valid(data) {
		return item{}, false
	}
	it := item{Seq: seq}
	parts := strings.Split(subject, ".")
	switch {
	case len(parts) == 3 && parts[1] == "note":
		it.Notes = data
		return it, true
	case len(parts) == 7 && parts[1] == "output":
		job, err := strconv.Atoi(parts[4])
		it.Host, it.Job, it.Token = parts[2], job, parts[5]+"."+parts[6]
		it.Output = withoutScreen(data)
		return it, err == nil
	}
	return item{}, false
}

// withoutScreen leaves out what a terminal showed: who wants to see it asks for it.
func withoutScreen(data []byte) []byte {
	var o wire.Output
	if err := json.Unmarshal(data, &o); err != nil || o.Screen == nil {
		return data
	}
	o.Screen.Cast = ""
	text, err := json.Marshal(o)
	if err != nil {
		return data
	}
	return text
}

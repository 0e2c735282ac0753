package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	directBatch = 500     // messages in an answer
	directBytes = 4 << 20 // likewise, about
	directTime  = time.Second
)

// direct reads the messages of a stream from a sequence number on, until the end of a copy,
// and returns the number of the last one that it has read. Subject can be "". The server has
// them read from the copy of this hub, if that is not far behind the others.
//
// A consumer would not do: in a cluster, the server may give it to a hub that has just died,
// and nothing comes then for seconds, in which nobody leads.
func direct(ctx context.Context, conn *nats.Conn, stream, subject string, first uint64, each func(seq uint64, m *nats.Msg) error) (last uint64, err error) {
	for {
		var more bool
		last, more, err = directPart(ctx, conn, stream, subject, first, each)
		if err != nil || !more {
			return last, err
		}
		first = last + 1
	}
}

// directPart reads as many messages as come with one answer.
func directPart(ctx context.Context, conn *nats.Conn, stream, subject string, first uint64, each func(uint64, *nats.Msg) error) (last uint64, more bool, err error) {
	question, err := json.Marshal(map[string]any{"seq": first, "next_by_subj": subject, "batch": directBatch, "max_bytes": directBytes})
	if err != nil {
		return 0, false, err
	}
	last = first - 1
	inbox := nats.NewInbox()
	answers, err := conn.SubscribeSync(inbox)
	if err != nil {
		return last, false, err
	}
	defer func() { _ = answers.Unsubscribe() }()
	if err := conn.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, question); err != nil {
		return last, false, err
	}
	for {
		limited, cancel := context.WithTimeout(ctx, directTime)
		m, err := answers.NextMsgWithContext(limited)
		cancel()
		if err != nil {
			return last, false, err
		}
		if status := m.Header.Get("Status"); status != "" {
			pending, _ := strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
			switch status {
			case "204":
				return last, pending > 0, nil
			case "404":
				return last, false, nil
			case "503":
				return last, false, errors.New("no hub has a copy")
			}
			return last, false, fmt.Errorf("status %s: %s", status, m.Header.Get("Description"))
		}
		seq, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
		if err != nil || seq <= last {
			return last, false, fmt.Errorf("wanted a message after %d, got one with the number %q", last, m.Header.Get("Nats-Sequence"))
		}
		if err := each(seq, m); err != nil {
			return last, false, &stopReading{err}
		}
		last = seq
	}
}

// stopReading is the error of what was called with a message: reading again is of no use.
type stopReading struct{ err error }

func (e *stopReading) Error() string { return e.err.Error() }
func (e *stopReading) Unwrap() error { return e.err }

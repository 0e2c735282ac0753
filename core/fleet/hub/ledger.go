package hub

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
)

// record is a message of the ledger.
type record struct {
	Format  int              `json:"format"`
	By      string           `json:"by"` // the leader
	Entries []schedule.Entry `json:"entries"`
}

// ledgerFormat rises when older programs would misunderstand what this one writes to the
// ledger or into snapshots. Each term begins with a message, so the last one has the format
// of the program that has led last.
const ledgerFormat = 1

// errNewer says that an older program must not go on with a ledger.
var errNewer = errors.New("a newer version of this program has written the ledger: start that version, or a newer one")

func checkFormat(format int) error {
	if format > ledgerFormat {
		return fmt.Errorf("%w: it has format %d, and this program knows those up to %d", errNewer, format, ledgerFormat)
	}
	return nil
}

// checkLedger finds out early whether a newer program has written the ledger.
func checkLedger(ctx context.Context, stream jetstream.Stream) error {
	var m *jetstream.RawStreamMsg
	err := patient(ctx, func(ctx context.Context) (err error) {
		m, err = stream.GetLastMsgForSubject(ctx, wire.LedgerSubject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			m, err = nil, nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot read the ledger: %w", err)
	}
	if m == nil {
		return nil
	}
	var r struct{ Format int }
	if err := json.Unmarshal(m.Data, &r); err != nil {
		return fmt.Errorf("cannot read message %d of the ledger: %w", m.Sequence, err)
	}
	return checkFormat(r.Format)
}

const (
	commitTimeout = 5 * time.Second
	foldWait      = 5 * time.Second
	readWait      = 50 * time.Millisecond
)

// errFull says that the ledger had no room for a message.
var errFull = errors.New("the ledger has no room")

// ledger writes and reads the stream with all decisions.
type ledger struct {
	js     jetstream.JetStream
	stream jetstream.Stream
	by     string
}

// append writes the message that comes after last, and returns its sequence number. After
// an error nobody knows whether it was written.
func (l *ledger) append(ctx context.Context, last uint64, entries []schedule.Entry) (uint64, error) {
	data, err := plain(record{Format: ledgerFormat, By: l.by, Entries: entries})
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	ack, err := l.js.Publish(ctx, wire.LedgerSubject, data, jetstream.WithExpectLastSequence(last), jetstream.WithRetryAttempts(0))
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api) && (api.ErrorCode == storeFailed || api.ErrorCode == limitsFailed):
		return 0, fmt.Errorf("%w: %w", errFull, err)
	case err != nil:
		return 0, fmt.Errorf("cannot write to the ledger after %d: %w", last, err)
	case ack.Sequence != last+1:
		return 0, fmt.Errorf("the ledger has put message %d at %d", last+1, ack.Sequence)
	}
	return ack.Sequence, nil
}

// Codes of the server for a message that could not be stored.
const (
	storeFailed  = 10077 // also: the maximum of bytes was reached
	limitsFailed = 10047 // insufficient resources
)

// bounds are the sequence numbers of the first and the last message. Without a message the
// first is greater than the last. While the hubs of a cluster choose who answers for the
// stream, nobody does: it is asked again.
func (l *ledger) bounds(ctx context.Context) (first, last uint64, err error) {
	for end := time.Now().Add(foldWait); ; {
		limited, cancel := context.WithTimeout(ctx, directTime)
		info, err := l.stream.Info(limited)
		cancel()
		switch {
		case err == nil:
			return info.State.FirstSeq, info.State.LastSeq, nil
		case ctx.Err() != nil, !errors.Is(err, context.DeadlineExceeded), time.Now().After(end):
			return 0, 0, fmt.Errorf("cannot read the ledger: %w", err)
		}
	}
}

// read calls each with all messages from first to last. It waits for those that the copy of
// this hub does not have yet.
func (l *ledger) read(ctx context.Context, first, last uint64, each func(seq uint64, r record) error) error {
	seq, next := first-1, first
	for end := time.Now().Add(foldWait); seq < last; {
		now, err := direct(ctx, l.js.Conn(), wire.LedgerStream, "", seq+1, func(seq uint64, m *nats.Msg) error {
			if seq > last {
				return errEnough
			}
			if seq != next { // it was lost on the way here, or on the disk
				return fmt.Errorf("wanted message %d of the ledger, got %d", next, seq)
			}
			next++
			var r record
			err := json.Unmarshal(m.Data, &r)
			if err == nil {
				err = checkFormat(r.Format)
			}
			if err != nil {
				return fmt.Errorf("cannot read message %d of the ledger: %w", seq, err)
			}
			return each(seq, r)
		})
		if now > seq {
			seq, end = now, time.Now().Add(foldWait)
		}
		var stopped *stopReading
		switch {
		case errors.Is(err, errEnough):
			return nil
		case errors.As(err, &stopped):
			return stopped.err
		case seq >= last:
			return nil
		case ctx.Err() != nil, time.Now().After(end):
			return fmt.Errorf("cannot read the ledger after %d: it ends at %d: %w", seq, last, cmp.Or(ctx.Err(), err, context.DeadlineExceeded))
		}
		select {
		case <-ctx.Done():
		case <-time.After(readWait):
		}
	}
	return nil
}

// errEnough ends reading.
var errEnough = errors.New("enough was read")

// jump makes next the sequence number of the next message. All messages are purged, so a
// snapshot must have what they say.
func (l *ledger) jump(ctx context.Context, next uint64) error {
	if err := l.stream.Purge(ctx, jetstream.WithPurgeSequence(next)); err != nil {
		return fmt.Errorf("cannot move the end of the ledger to %d: %w", next, err)
	}
	_, last, err := l.bounds(ctx)
	if err == nil && last != next-1 {
		err = fmt.Errorf("cannot move the end of the ledger to %d: it ends at %d", next, last)
	}
	return err
}

// purge removes the messages before a place.
func (l *ledger) purge(ctx context.Context, before uint64) error {
	if before <= 1 {
		return nil
	}
	if err := l.stream.Purge(ctx, jetstream.WithPurgeSequence(before)); err != nil {
		return fmt.Errorf("cannot purge the ledger before %d: %w", before, err)
	}
	return nil
}

// plain is JSON without the escapes for HTML, which make messages much longer.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// How long it takes to try again what has failed while the hub is away.
const (
	retryWait = 50 * time.Millisecond
	retryMost = time.Second

	consumerTime = 5 * time.Second // at most, to make a consumer
	seekTime     = 3 * time.Second // at most, to ask for the leader
	quietTime    = 5 * time.Second // between two looks whether the hub reaches the others
)

// Told is a message about a run: notes of the scheduler, or an output of a job.
type Told struct {
	Seq     uint64 // its place in the stream
	Pending uint64 // how many more there are now
	Notes   []wire.Note
	Output  *wire.Said
}

// Follow calls told with all that was said about a run, from the beginning, and with what
// is said from then on, until told returns false or ctx ends. While the hub cannot be
// reached it waits, without limit. The error is that of ctx, or why nothing can come.
func Follow(ctx context.Context, l *link.Link, run string, told func(Told) (more bool)) error {
	if err := wire.CheckName(run); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	at := place{}
	for wait := retryWait; ; wait = min(2*wait, retryMost) {
		before := at
		err := follow(ctx, l, run, &at, told)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case l.Err() != nil:
			return l.Err()
		case errors.Is(err, nats.ErrPermissionViolation):
			return fmt.Errorf("the role %s may not follow runs: ask an administrator: %w", l.Config.Role, err)
		}
		if at != before {
			wait = retryWait
		} else {
			seek(ctx, l)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-l.Done():
			return l.Err()
		case <-time.After(wait):
		}
	}
}

// seek asks the leader for something. If the hub of the link has not reached one for long, the
// link finds another hub: who only follows asks for nothing.
func seek(ctx context.Context, l *link.Link) {
	if !l.Conn.IsConnected() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, seekTime)
	defer cancel()
	_, _ = l.Request(limited, wire.VerbLab, nil) // whatever it is
}

// leaveCutOff finds another hub if this one does not reach the others of its cluster. It can go on
// to serve a consumer then, to which nothing comes.
func leaveCutOff(ctx context.Context, l *link.Link) {
	limited, cancel := context.WithTimeout(ctx, seekTime)
	defer cancel()
	stream, err := l.JS.Stream(limited, wire.OutputStream)
	if err != nil || isAlone(stream.CachedInfo().Cluster) {
		seek(ctx, l)
	}
}

// isAlone reports whether the hub that has answered may have no contact to the others. It answers
// nevertheless, if it led the stream before, or if it knows no leader.
func isAlone(c *jetstream.ClusterInfo) bool {
	if c == nil || c.Leader == "" {
		return c != nil
	}
	away := func(p *jetstream.PeerInfo) bool { return p.Offline || p.Active > quietTime }
	return len(c.Replicas) > 0 && !slices.ContainsFunc(c.Replicas, func(p *jetstream.PeerInfo) bool { return !away(p) })
}

// place is how far somebody has read a stream.
type place struct {
	stream time.Time // when it was made: a hub that was restored has another one
	last   uint64    // the number of the last message
}

// find sets the place to the beginning if the stream is another one than before.
func (p *place) find(ctx context.Context, l *link.Link) error {
	stream, err := l.JS.Stream(ctx, wire.OutputStream)
	if err != nil {
		return err
	}
	if made := stream.CachedInfo().Created; !made.Equal(p.stream) {
		*p = place{stream: made}
	}
	return nil
}

// follow reads messages after the last one, by one consumer. It returns nil if told wants
// no more.
func follow(ctx context.Context, l *link.Link, run string, at *place, told func(Told) bool) error {
	limited, cancel := context.WithTimeout(ctx, consumerTime)
	defer cancel()
	changes := l.Conn.StatusChanged(nats.CONNECTED)
	defer l.Conn.RemoveStatusListener(changes)
	if err := at.find(limited, l); err != nil {
		return err
	}
	consumer, err := l.JS.OrderedConsumer(limited, wire.OutputStream, jetstream.OrderedConsumerConfig{
		FilterSubjects: wire.RunSubjects(run), DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq: at.last + 1, InactiveThreshold: time.Minute,
		MaxResetAttempts: 1, // each can take 10 s, if this hub does not reach the others
	})
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullHeartbeat(time.Second), jetstream.PullExpiry(10*time.Second))
	if err != nil {
		return err
	}
	defer messages.Stop()
	over := make(chan struct{})
	defer close(over)
	go func() {
		defer messages.Stop()
		quiet := time.NewTicker(quietTime)
		defer quiet.Stop()
		for {
			select {
			case <-changes: // what it is connected with may be another stream
			case <-ctx.Done():
			case <-over:
			case <-quiet.C:
				leaveCutOff(ctx, l)
				continue
			}
			return
		}
	}()
	for {
		message, err := messages.Next()
		if err != nil {
			return err
		}
		meta, err := message.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Stream <= at.last {
			continue // after a new consumer was made
		}
		var t Told // the place of an echo must not be lost, so it is left out only here
		if !link.IsEcho(message.Headers()) {
			t = parse(message.Subject(), message.Data())
		}
		at.last = meta.Sequence.Stream
		t.Seq, t.Pending = at.last, meta.NumPending
		if !told(t) {
			return nil
		}
	}
}

// parse reads a message of the stream. Who has sent an output, its subject says, because
// nobody can publish under the name of somebody else.
func parse(subject string, data []byte) (t Told) {
	var err error
	parts := strings.Split(subject, ".")
	switch {
	case len(parts) == 3 && parts[1] == "note":
		err = json.Unmarshal(data, &t.Notes)
	case len(parts) == 7 && parts[1] == "output":
		t.Output = &wire.Said{Host: parts[2]}
		err = json.Unmarshal(data, &t.Output.Output)
		if err == nil {
			t.Output.Job, err = strconv.Atoi(parts[4])
		}
		if err == nil {
			t.Output.Token, err = wire.ParseToken(parts[5] + "." + parts[6])
		}
	default:
		err = errors.New("it is neither a note nor an output")
	}
	if err != nil {
		return Told{} // the place must not be lost, so what cannot be understood is left out
	}
	return t
}

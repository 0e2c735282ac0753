package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// lastOf is the place of the last message about a run, 0 if there is none.
func lastOf(ctx context.Context, l *link.Link, run string) (uint64, error) {
	stream, err := l.JS.Stream(ctx, wire.OutputStream)
	if err != nil {
		return 0, fmt.Errorf("find what was said about runs: %w", err)
	}
	last := uint64(0)
	for _, subject := range wire.RunSubjects(run) {
		message, err := stream.GetLastMsgForSubject(ctx, subject)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
		case err != nil:
			return 0, fmt.Errorf("find what was said about run %s: %w", run, err)
		default:
			last = max(last, message.Sequence)
		}
	}
	return last, nil
}

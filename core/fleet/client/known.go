package client

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// checkKnown returns an error if nothing was said about a run, or nothing is kept any more:
// following it would wait for what never comes.
func checkKnown(ctx context.Context, l *link.Link, run string) error {
	if err := wire.CheckName(run); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	var consumer jetstream.Consumer
	err := again(ctx, l, func() (err error) {
		limited, cancel := context.WithTimeout(ctx, consumerTime)
		defer cancel()
		consumer, err = l.JS.OrderedConsumer(limited, wire.OutputStream, jetstream.OrderedConsumerConfig{
			FilterSubjects: wire.RunSubjects(run), DeliverPolicy: jetstream.DeliverAllPolicy, InactiveThreshold: time.Second,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("find what was said about run %s: %w", run, err)
	}
	if consumer.CachedInfo().NumPending == 0 {
		return fmt.Errorf("nothing is known of run %s: it may have ended long ago, or never existed", run)
	}
	return nil
}

package page

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/fleet/wire"
)

// heartbeat is how often the server says that a consumer is still there. A consumer is at one
// hub of a cluster, and when that hub dies, nobody says so. Next makes another consumer when it
// has waited for two heartbeats. It counts from its call, so both must fit into quietAfter.
const heartbeat = time.Second

// consume begins to read the stream of outputs, and returns how many messages there are already.
func consume(ctx context.Context, js jetstream.JetStream, config jetstream.OrderedConsumerConfig) (messages jetstream.MessagesContext, pending uint64, err error) {
	// While Next makes another consumer, it does not notice that its context has ended. It
	// tries for 10 s if this hub does not reach the others: once, and then all begins anew.
	config.MaxResetAttempts = 1
	consumer, err := js.OrderedConsumer(ctx, wire.OutputStream, config)
	if err != nil {
		return nil, 0, err
	}
	messages, err = consumer.Messages(jetstream.PullMaxMessages(mostItems), jetstream.PullHeartbeat(heartbeat))
	return messages, consumer.CachedInfo().NumPending, err
}

package goroutines

import "go.uber.org/goleak"

// LeftByPut ignores goroutines of nats.go v1.55.0. Its object stores publish with a
// publisher of their own, which starts a goroutine and is cleaned up after the last chunk.
// If the goroutine starts only after that, it finds no channel, and never ends.
func LeftByPut() goleak.Option {
	return goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect")
}

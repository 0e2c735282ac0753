package goroutines

import "go.uber.org/goleak"

// LeftByPut ignores goroutines of nats.go v1.55.0. Its object stores publish with a
// publisher of their own, which starts a goroutine and is cleaned up after the last chunk.
// If the goroutine runs only then, it finds no channel, and waits for ever.
func LeftByPut() goleak.Option {
	return goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect")
}

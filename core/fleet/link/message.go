package link

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"avescript/core/fleet/wire"
)

// genuine is a header of all messages of a fleet that are not in a stream.
//
// The server sends messages for a client to any subject that the client names: as the
// reply to a request to JetStream, with content that the client has stored before. So a
// permission to publish is not enough to know who speaks. What the server sends either has
// no such header, or it has one of its own, too, or another subject.
const genuine = "Ave-Fleet"

// streamed is a header of messages that the server reads from a stream for a client.
const streamed = "Nats-Stream"

// Message is a message of the fleet: see [Genuine].
func Message(subject string, data []byte) *nats.Msg {
	return &nats.Msg{Subject: subject, Data: data, Header: nats.Header{genuine: {"1"}}}
}

// Genuine returns an error unless a message was published by whoever may publish under its
// subject. Who acts on a message that it got by a subscription checks this first.
func Genuine(m *nats.Msg) error { return genuineUnder(m, strings.HasPrefix(m.Subject, "fleet.")) }

// GenuineIn is [Genuine] for a message to an inbox of one's own.
func GenuineIn(inbox string, m *nats.Msg) error { return genuineUnder(m, m.Subject == inbox) }

func genuineUnder(m *nats.Msg, subject bool) error {
	if !subject || m.Header.Get(genuine) == "" || m.Header.Get(streamed) != "" {
		return fmt.Errorf("the message under %q does not come from who may send it: it is ignored", m.Subject)
	}
	return nil
}

// IsEcho reports whether a message of a stream, which a consumer has read, was put there by the
// server, as an answer that somebody had it send to a subject of the stream: nobody has
// checked who says what is in it.
func IsEcho(h nats.Header) bool { return h.Get(streamed) != "" }

// IsEchoByGet is [IsEcho] for a message that was read by its number or as the last one. Then
// the server adds a header of its own.
func IsEchoByGet(h nats.Header) bool { return len(h.Values(streamed)) > 1 }

// Sender returns who has sent a request, and what it wants, by its subject. The request
// must be genuine, and the answer must go to the sender's own inbox: the hub may publish
// under all subjects, so it must not let others choose one.
func Sender(m *nats.Msg) (role, name, verb string, _ error) {
	if err := Genuine(m); err != nil {
		return "", "", "", err
	}
	parts := strings.Split(m.Subject, ".")
	if len(parts) != 5 || !strings.HasPrefix(m.Subject, "fleet.request.") {
		return "", "", "", fmt.Errorf("wanted a request under fleet.request.ROLE.NAME.VERB, got %q", m.Subject)
	}
	role, name, verb = parts[2], parts[3], parts[4]
	if m.Reply != "" && !strings.HasPrefix(m.Reply, wire.InboxPrefix(role, name)+".") {
		return "", "", "", fmt.Errorf("%s %s wants the answer under %q, which is not its inbox", role, name, m.Reply)
	}
	return role, name, verb, nil
}

// Respond answers a request that [Sender] has accepted.
func Respond(m *nats.Msg, answer wire.Answer) error {
	if m.Reply == "" {
		return errors.New("nobody waits for the answer")
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return m.Respond(data)
}

// Package wiretest has the conversations that were recorded with a service of
// the earlier system, for the tests of services and of clients.
//
// A service is tested by [Transcript.Replay], which plays the client, and a
// client by [Transcript.Play], which plays the service. Both compare the other
// side frame by frame. The salt is a new one each time; traces are left out,
// since they name lines of the service's source.
package wiretest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"avescript/core/connection"
)

// Closed is the text of the frame that stands for the end of a connection.
const Closed = "<closed>"

// deadline is how long a conversation may take.
const deadline = 20 * time.Second

//go:embed wire-transcripts.json
var transcripts []byte

// Transcript is a conversation.
type Transcript struct {
	Name   string
	Key    string // the client's
	Frames []Frame
}

// Frame is a message of one side. The first three of a conversation are the
// handshake.
type Frame struct {
	From string // "server", "client", or "client-raw" for bytes without a length
	Text string
	Hex  string
}

// Payload is what the frame consists of.
func (f Frame) Payload() []byte {
	if f.Hex == "" {
		return []byte(f.Text)
	}
	data, err := hex.DecodeString(f.Hex)
	if err != nil {
		panic(err)
	}
	return data
}

// Transcripts lists all conversations. The service of each has the primary key
// "secret" and the account "admin" with "root-key", and keeps clients that
// have neither.
func Transcripts() []Transcript {
	var all []Transcript
	if err := json.Unmarshal(transcripts, &all); err != nil {
		panic(err)
	}
	return all
}

// ours are answers that are not those of the earlier system: it showed Python's
// form of a value, and let alternate keys through where the document wants the
// primary one. By conversation and frame.
var ours = map[string]map[int]string{
	"errors": {14: `{"exception": "not an RPC: hidden"}`},
	"malformed calls": {
		12: `{"exception": "malformed arguments: {\"vargs\":[]}"}`,
		14: `{"exception": "RPC async flag is not a boolean: {\"method\":\"echo\",\"params\":{\"vargs\":[],\"kwargs\":{}},\"async\":1}"}`,
	},
	"handshake with an alternate key": {6: `{"exception": "not authenticated to make this call"}`},
}

// Wanted is the answer of a service of ours at frame i.
func (s Transcript) Wanted(i int) string {
	if text, ok := ours[s.Name][i]; ok {
		return text
	}
	return string(s.Frames[i].Payload())
}

// Replay says over conn what the client said, and compares what the service
// answers. Instead has other answers for some recorded ones, by their texts.
func (s Transcript) Replay(t testing.TB, conn net.Conn, instead map[string]string) {
	t.Helper()
	peer := newPeer(conn)
	salt, ok := bytes.CutPrefix([]byte(peer.get()), []byte("#CHALLENGE#"))
	if !ok {
		t.Fatal("the service sends no challenge")
	}
	mac := hmac.New(md5.New, []byte(s.Key))
	mac.Write(salt)
	peer.put(mac.Sum(nil))
	for i, frame := range s.Frames {
		switch {
		case i < 2:
		case frame.From == "client-raw":
			_, _ = conn.Write(frame.Payload()) // fails as put does
		case frame.From == "client":
			peer.put(frame.Payload())
		default:
			want := s.Wanted(i)
			if other, ok := instead[want]; ok {
				want = other
			}
			wantSame(t, i, peer.get(), want)
		}
	}
}

// Play takes a client from l, says to it what the service said, and compares
// what the client says, also its digest.
func (s Transcript) Play(t testing.TB, l net.Listener) {
	t.Helper()
	conn, err := l.Accept()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	peer := newPeer(conn)
	for i, frame := range s.Frames {
		if s.closesAt(i) {
			return
		}
		if frame.From == "server" {
			peer.put(frame.Payload())
			continue
		}
		got := peer.get()
		switch {
		case i == 1 && got != string(frame.Payload()):
			t.Errorf("the digest differs from the recorded one")
		case i == 1:
		case got == Closed && !s.Authenticated():
			return // our clients leave where the recorded one stayed
		default:
			wantSame(t, i, got, string(frame.Payload()))
		}
	}
}

// closesAt tells whether the service ends the connection before frame i: where
// the recording says so, and not only after the client's next words, which may
// find it closed already.
func (s Transcript) closesAt(i int) bool {
	return s.Frames[i].Text == Closed || s.Frames[i].From == "client" && i+1 < len(s.Frames) && s.Frames[i+1].Text == Closed
}

// Authenticated tells whether the service knew the client's key.
func (s Transcript) Authenticated() bool { return s.Frames[2].Text == `{"authenticated": true}` }

// WellFormed tells whether the conversation consists of calls that a client
// can be asked to make.
func (s Transcript) WellFormed() bool {
	return s.Name != "malformed calls" && s.Name != "oversized header"
}

// Call is a call of a conversation.
type Call struct {
	Method        string
	Vargs, Kwargs json.RawMessage
	Async         bool
	Answer        string // of a synchronous call; maybe Closed
}

// Calls lists the calls of a well-formed conversation.
func (s Transcript) Calls() []Call {
	var calls []Call
	for i, frame := range s.Frames {
		if i < 3 || frame.From != "client" {
			continue
		}
		var said struct {
			Method string
			Params struct{ Vargs, Kwargs json.RawMessage }
			Async  bool
		}
		if err := json.Unmarshal(frame.Payload(), &said); err != nil {
			panic(err)
		}
		call := Call{Method: said.Method, Vargs: said.Params.Vargs, Kwargs: said.Params.Kwargs, Async: said.Async}
		if !call.Async {
			call.Answer = s.Frames[i+1].Text
		}
		calls = append(calls, call)
	}
	return calls
}

type peer struct {
	net.Conn
	frames *connection.FrameReader
}

func newPeer(conn net.Conn) peer {
	conn.SetDeadline(time.Now().Add(deadline))
	return peer{conn, connection.NewFrameReader(conn, 1<<20)}
}

// put fails where the other side has closed, which get finds out.
func (p peer) put(payload []byte) { _ = connection.WriteFrame(p.Conn, payload) }

func (p peer) get() string {
	frame, err := p.frames.Next()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "<timeout>"
	}
	if err != nil {
		return Closed
	}
	return string(frame)
}

func wantSame(t testing.TB, i int, got, want string) {
	t.Helper()
	if diff := Diff(want, got); diff != "" {
		t.Errorf("frame %d: got %s\nwant %s\n%s", i, got, want, diff)
	}
}

// Diff compares two frames as JSON, but for the traces in answers. The answer
// to an Exit must have none.
func Diff(want, got string) string { return cmp.Diff(parsed(want), parsed(got)) }

func parsed(text string) any {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return text
	}
	if answer, ok := v.(map[string]any); ok {
		if exception, ok := answer["exception"].(map[string]any); ok {
			if exception["type"] == "Exit" && exception["trace"] != nil {
				return "an exit with a trace"
			}
			delete(exception, "trace")
		}
	}
	return v
}

// Package wiretest contains conversations that were recorded with a service of the
// earlier system, to test services and clients.
//
// A service is tested by [Transcript.Replay], which plays the client, and a client by
// [Transcript.Play], which plays the service. Both compare the other side frame by
// frame. The salt is new each time; traces are ignored, because they contain lines of
// the service's source.
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
	"sync"
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
	Key    string // the key of the client
	Frames []Frame
}

// Frame is a message of one side. The first three frames of a conversation are the
// handshake.
type Frame struct {
	From string // "server", "client", or "client-raw" for bytes without a length
	Text string
	Hex  string
}

// Payload is the content of the frame.
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

// Transcripts lists all conversations. The service in each has the primary key "secret"
// and the account "admin" with "root-key", and accepts clients with neither key.
func Transcripts() []Transcript {
	var all []Transcript
	if err := json.Unmarshal(transcripts, &all); err != nil {
		panic(err)
	}
	return all
}

// ours are the answers that differ from those of the earlier system, by conversation
// and frame: that system showed values in Python's form, and accepted alternate keys
// where the document requires the primary key.
var ours = map[string]map[int]string{
	"errors": {14: `{"exception": "not an RPC: hidden"}`},
	"malformed calls": {
		12: `{"exception": "malformed arguments: {\"vargs\":[]}"}`,
		14: `{"exception": "RPC async flag is not a boolean: {\"method\":\"echo\",\"params\":{\"vargs\":[],\"kwargs\":{}},\"async\":1}"}`,
	},
	"handshake with an alternate key": {6: `{"exception": "not authenticated to make this call"}`},
}

// Wanted is the answer of our service at frame i.
func (s Transcript) Wanted(i int) string {
	if text, ok := ours[s.Name][i]; ok {
		return text
	}
	return string(s.Frames[i].Payload())
}

// Replay sends what the client sent over conn, and compares the answers of the service.
// Instead has other answers for some of the recorded ones, by their texts.
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
			_, _ = conn.Write(frame.Payload()) // an error shows when the answer is read
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

// Play accepts one client at the address, sends it what the service sent, and compares
// what the client sends, including its digest. The test does not end before.
func (s Transcript) Play(t testing.TB) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var played sync.WaitGroup
	played.Go(func() { s.play(t, l) })
	t.Cleanup(func() {
		played.Wait()
		l.Close()
	})
	return l.Addr()
}

func (s Transcript) play(t testing.TB, l net.Listener) {
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
			return // our clients end here, where the recorded one stayed
		default:
			wantSame(t, i, got, string(frame.Payload()))
		}
	}
}

// closesAt reports whether the service ends the connection before frame i: where the
// recording shows it, and not only after the next frame of the client, which may find
// the connection already closed.
func (s Transcript) closesAt(i int) bool {
	return s.Frames[i].Text == Closed || s.Frames[i].From == "client" && i+1 < len(s.Frames) && s.Frames[i+1].Text == Closed
}

// Authenticated reports whether the service accepted the client's key.
func (s Transcript) Authenticated() bool { return s.Frames[2].Text == `{"authenticated": true}` }

// WellFormed reports whether the conversation consists only of calls that a client can
// make.
func (s Transcript) WellFormed() bool {
	return s.Name != "malformed calls" && s.Name != "oversized header"
}

// Call is a call of a conversation.
type Call struct {
	Method        string
	Vargs, Kwargs json.RawMessage
	Async         bool
	Answer        string // of a synchronous call; may be Closed
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

// put ignores errors: if the other side has closed, get finds out.
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

// Diff compares two frames as JSON, except the traces in answers. The answer to an Exit
// must not have a trace.
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

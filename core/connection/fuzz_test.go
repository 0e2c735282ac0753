package connection_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"

	"avescript/core/connection"
)

// split returns the frames in a stream, and how it ends.
func split(stream []byte, most int) (payloads [][]byte, end error) {
	for len(stream) > 0 {
		if len(stream) < 4 {
			return payloads, io.ErrUnexpectedEOF
		}
		size := binary.BigEndian.Uint32(stream)
		if stream = stream[4:]; int64(size) > int64(most) {
			return payloads, &connection.TooLongError{Size: size, Max: most}
		}
		if int(size) > len(stream) {
			return payloads, io.ErrUnexpectedEOF
		}
		payloads, stream = append(payloads, stream[:size]), stream[size:]
	}
	return payloads, io.EOF
}

// FuzzFrames reads a random stream, cut at any places: the reader returns the frames
// that the format defines, uses no more memory than a few times the stream, and the
// frames written again are the stream.
func FuzzFrames(f *testing.F) {
	f.Add(framed("first", "", "last"), uint16(6), false)
	f.Add(framed("x")[:4], uint16(2), true)
	f.Add([]byte("\x00\x00\x80\x01rest"), uint16(0), true)
	f.Add([]byte("\xff\xff\xff\xff"), uint16(1), false)
	f.Add(append(framed(string(make([]byte, 3000))), 0, 0), uint16(600), false)
	f.Fuzz(func(t *testing.T, stream []byte, cut uint16, exact bool) {
		const most = 1 << 15
		want, wantEnd := split(stream, most)
		at := int(cut) % (len(stream) + 1)
		r := connection.NewFrameReader(&pieces{stream[:at], stream[at:]}, most)
		r.Exact = exact
		var again []byte
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := 0; ; {
			got, err := r.Next()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				continue
			}
			if err != nil || i == len(want) {
				if i != len(want) || err == nil || err.Error() != wantEnd.Error() {
					t.Fatalf("after %d frames: got %q, %v, want %d frames and %v", i, got, err, len(want), wantEnd)
				}
				break
			}
			if !bytes.Equal(got, want[i]) {
				t.Fatalf("frame %d: got %q, want %q", i, got, want[i])
			}
			again = connection.AppendFrame(again, got)
			i++
		}
		runtime.ReadMemStats(&after)
		if got := int(after.TotalAlloc - before.TotalAlloc); got > 64<<10+16*len(stream) {
			t.Errorf("%d bytes made the reader allocate %d", len(stream), got)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Errorf("got %q, want %q", again, stream)
		}
	})
}

package connection_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"avescript/core/connection"
)

func framed(payloads ...string) []byte {
	var b bytes.Buffer
	for _, p := range payloads {
		binary.Write(&b, binary.BigEndian, uint32(len(p)))
		b.WriteString(p)
	}
	return b.Bytes()
}

// pieces returns a stream piece by piece, with a temporary error after each.
type pieces [][]byte

func (p *pieces) Read(buf []byte) (int, error) {
	if len(*p) == 0 {
		return 0, io.EOF
	}
	n := copy(buf, (*p)[0])
	if (*p)[0] = (*p)[0][n:]; len((*p)[0]) == 0 {
		*p = (*p)[1:]
		return n, os.ErrDeadlineExceeded
	}
	return n, nil
}

func TestFramesCutAtEveryByte(t *testing.T) {
	want := []string{"first", "", strings.Repeat("x", 9000), "last"}
	stream := framed(want...)
	for cut := range stream {
		for _, exact := range []bool{false, true} {
			r := connection.NewFrameReader(&pieces{stream[:cut], stream[cut:]}, 10000)
			r.Exact = exact
			for _, payload := range want {
				got, err := r.Next()
				if errors.Is(err, os.ErrDeadlineExceeded) {
					got, err = r.Next()
				}
				if err != nil || string(got) != payload {
					t.Fatalf("cut at %d, exact %v: got %.20q, %v; want %.20q", cut, exact, got, err, payload)
				}
			}
		}
	}
}

func TestFramesOfAnySize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(2000, 2100), rapid.IntRange(0, 1<<20)), 1, 6).Draw(t, "sizes")
		var stream bytes.Buffer
		var want []string
		for i, size := range sizes {
			want = append(want, strings.Repeat(string(rune('a'+i)), size))
			if err := connection.WriteFrame(&stream, []byte(want[i][:size/2]), []byte(want[i][size/2:])); err != nil {
				t.Fatal(err)
			}
		}
		var src io.Reader = &stream
		if rapid.Bool().Draw(t, "halved") {
			src = iotest.HalfReader(src)
		}
		r := connection.NewFrameReader(src, 1<<20)
		for i := range want {
			got, err := r.Next()
			if err != nil || string(got) != want[i] {
				t.Fatalf("frame %d of %d bytes: got %d bytes, %v", i, sizes[i], len(got), err)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatalf("got %v at the end, want EOF", err)
		}
	})
}

func TestEndWithinFrame(t *testing.T) {
	stream := framed("payload")
	for cut := 1; cut < len(stream); cut++ {
		_, err := connection.NewFrameReader(bytes.NewReader(stream[:cut]), 100).Next()
		if err != io.ErrUnexpectedEOF {
			t.Errorf("cut at %d: got %v", cut, err)
		}
	}
}

// A header alone must not make the reader allocate what it announces.
func TestHeaderAllocatesNothing(t *testing.T) {
	for _, size := range []uint32{0xffffffff, 1 << 30} {
		stream := binary.BigEndian.AppendUint32(nil, size)
		stream = append(stream, make([]byte, 3000)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := connection.NewFrameReader(bytes.NewReader(stream), 1<<30).Next()
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 64<<10 {
			t.Errorf("a header of %d bytes made the reader allocate %d", size, got)
		}
		var tooLong *connection.TooLongError
		if over := size > 1<<30; errors.As(err, &tooLong) != over {
			t.Errorf("a header of %d bytes: got %v", size, err)
		}
	}
}

// A few bytes after a long frame must not keep its buffer.
func TestLongBufferGoesWithItsFrame(t *testing.T) {
	long, short := strings.Repeat("x", 40<<10), strings.Repeat("y", 5<<10)
	stream := append(framed(long, short, short), 0, 0, 0)
	r := connection.NewFrameReader(&pieces{stream}, 1<<20)
	for i, want := range []string{long, short, short} {
		if got, err := r.Next(); string(got) != want {
			t.Fatalf("frame %d: got %d bytes, %v", i, len(got), err)
		}
	}
	if _, err := r.Next(); err != io.ErrUnexpectedEOF || len(r.Peek()) != 3 {
		t.Fatalf("got %v with %d bytes that wait", err, len(r.Peek()))
	}
	if kept := cap(r.Peek()); kept > 8<<10 {
		t.Errorf("the reader keeps a buffer of %d bytes", kept)
	}
}

func TestReadTakesFromTheSameStream(t *testing.T) {
	r := connection.NewFrameReader(bytes.NewReader(append(framed("one"), framed("two")...)), 100)
	if got, err := r.Read(6); err != nil || string(got) != "\x00\x00\x00\x03on" {
		t.Fatalf("got %q, %v", got, err)
	}
	if got, err := r.Read(1); err != nil || string(got) != "e" {
		t.Fatalf("got %q, %v", got, err)
	}
	if got, err := r.Next(); err != nil || string(got) != "two" {
		t.Fatalf("got %q, %v", got, err)
	}
}

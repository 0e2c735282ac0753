package connection

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
)

const (
	headerSize = 4

	// restingSize is the buffer of a reader that waits for a frame: enough for
	// most calls, and little beside the goroutine that waits.
	restingSize = 512

	// busySize is the buffer of a reader that found its last one full: its
	// peer sends frames without waiting for answers.
	busySize = restingSize * growth * growth

	// growth is the factor by which a buffer grows once it is full. A peer
	// makes a reader hold at most this many times what it has sent, whatever
	// its header claims.
	growth = 4

	// joinedSize is the longest frame that is copied together to be written
	// at once; the parts of a longer one are cheaper to gather by writev.
	joinedSize = 64 << 10
)

// TooLongError is the error for a frame that its header announces to be
// longer than the reader takes.
type TooLongError struct {
	Size uint32
	Max  int
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("wanted a frame of at most %d bytes, got one of %d", e.Max, e.Size)
}

// A FrameReader takes frames out of a stream. After an error that the stream
// recovers from, such as a deadline, the same call can be made again: what has
// come of a frame is kept. It is for one goroutine at a time.
type FrameReader struct {
	// Exact readers take no byte past the frame that is asked for, at the cost
	// of a system call more for each. The descriptor can then be polled, or
	// given away between two frames.
	Exact bool

	src        io.Reader
	max        int
	buf        []byte // buf[start:end] is read and not yet taken
	start, end int
	resting    []byte
	pooled     *[]byte // what buf is, if it has to go back to a pool
	busy       bool    // the last read has filled buf
}

// NewFrameReader makes a reader of the frames in src that are no longer than
// max bytes.
func NewFrameReader(src io.Reader, max int) *FrameReader {
	return &FrameReader{src: src, max: max}
}

// SetMax changes the longest frame that is taken.
func (r *FrameReader) SetMax(max int) { r.max = max }

// Next gives the payload of the next frame, which is valid until the next
// call. The error is io.EOF where the stream ends between two frames,
// io.ErrUnexpectedEOF within one, and a [*TooLongError] for a frame over the
// limit, none of whose payload is taken.
func (r *FrameReader) Next() ([]byte, error) {
	if err := r.fill(headerSize); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(r.buf[r.start:])
	if int64(size) > int64(r.max) {
		return nil, &TooLongError{size, r.max}
	}
	whole := headerSize + int(size)
	if err := r.fill(whole); err != nil {
		return nil, err
	}
	return r.take(whole)[headerSize:], nil
}

// Return puts the frame that Next gave last in front of the stream again.
func (r *FrameReader) Return(frame []byte) { r.start -= headerSize + len(frame) }

// Read gives exactly n bytes without looking for frames. They are valid until
// the next call.
func (r *FrameReader) Read(n int) ([]byte, error) {
	if err := r.fill(n); err != nil {
		return nil, err
	}
	return r.take(n), nil
}

// Waiting reports whether the next frame has been read already.
func (r *FrameReader) Waiting() bool {
	n := r.Buffered() - headerSize
	return n >= 0 && int64(binary.BigEndian.Uint32(r.buf[r.start:])) <= int64(n)
}

// Buffered is how many bytes have been read and not been taken.
func (r *FrameReader) Buffered() int { return r.end - r.start }

// Unread puts data in front of what the stream will give, and owns it. It is for
// a reader that has read nothing yet.
func (r *FrameReader) Unread(data []byte) {
	size := restingSize * growth // buffers have no sizes but those of the pools
	for size < len(data) {
		size *= growth
	}
	r.start, r.end = 0, len(data)
	if classOf(size) >= len(buffers) {
		r.buf = data
		return
	}
	r.buf, r.pooled = newBuffer(size, size)
	copy(r.buf, data)
}

// Peek gives what has been read and not been taken. It is valid until the next
// call.
func (r *FrameReader) Peek() []byte { return r.buf[r.start:r.end] }

func (r *FrameReader) take(n int) []byte {
	taken := r.buf[r.start : r.start+n : r.start+n]
	r.start += n
	return taken
}

// fill reads until n bytes wait to be taken.
func (r *FrameReader) fill(n int) error {
	if r.start == r.end {
		r.rest()
	}
	for r.end-r.start < n {
		r.makeRoom(n)
		limit := len(r.buf)
		if r.Exact {
			limit = min(limit, r.start+n)
		}
		got, err := r.src.Read(r.buf[r.end:limit])
		r.end += got
		r.busy = r.end == len(r.buf)
		if err == nil || r.end-r.start >= n {
			continue
		}
		if err == io.EOF && r.end > r.start {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	return nil
}

// rest goes back to the small buffer, so that a connection that is idle after
// a long frame does not hold on to a long buffer.
func (r *FrameReader) rest() {
	r.start, r.end = 0, 0
	if r.busy && len(r.buf) <= busySize {
		return
	}
	r.release()
	if r.resting == nil {
		r.resting = make([]byte, restingSize)
	}
	r.buf = r.resting
}

// makeRoom leaves space behind end, for all of n bytes if that needs no
// buffer larger than [growth] times what has come.
func (r *FrameReader) makeRoom(n int) {
	crowded := r.busy && len(r.buf) < busySize && !r.Exact
	if r.start+n <= len(r.buf) && !crowded {
		return
	}
	if r.start > 0 {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	size := len(r.buf) * growth
	switch {
	case crowded:
		size, n = busySize, busySize
	case r.end < len(r.buf):
		return
	}
	larger, pooled := newBuffer(size, n)
	copy(larger, r.buf[:r.end])
	r.release()
	r.buf, r.pooled = larger, pooled
}

func (r *FrameReader) release() {
	if r.pooled != nil {
		buffers[classOf(len(*r.pooled))].Put(r.pooled)
		r.pooled = nil
	}
}

// buffers are those larger than the resting one, by the number of times that
// it has grown. Longer ones than these are left to the garbage collector.
var buffers [4]sync.Pool

func classOf(size int) int {
	class := -1
	for size > restingSize {
		size /= growth
		class++
	}
	return class
}

// newBuffer makes a buffer of size bytes, or of fewer when a frame of whole
// bytes needs no more.
func newBuffer(size, whole int) ([]byte, *[]byte) {
	class := classOf(size)
	if class >= len(buffers) {
		return make([]byte, min(size, whole)), nil
	}
	if old, ok := buffers[class].Get().(*[]byte); ok {
		return *old, old
	}
	fresh := make([]byte, size)
	return fresh, &fresh
}

var joined = sync.Pool{New: func() any { return new([]byte) }}

// WriteFrame writes one frame whose payload is the parts, one after the
// other, with one system call unless the stream takes less.
func WriteFrame(w io.Writer, parts ...[]byte) error {
	if sizeOf(parts) > joinedSize {
		frame, err := Frame(parts...)
		if err != nil {
			return err
		}
		_, err = frame.WriteTo(w)
		return err
	}
	buf := joined.Get().(*[]byte)
	defer joined.Put(buf)
	*buf = AppendFrame((*buf)[:0], parts...)
	_, err := w.Write(*buf)
	return err
}

// Frame is one frame whose payload is the parts, which are not copied.
func Frame(parts ...[]byte) (net.Buffers, error) {
	header, err := frameHeader(sizeOf(parts))
	if err != nil {
		return nil, err
	}
	return append(net.Buffers{header[:]}, parts...), nil
}

// AppendFrame adds one frame whose payload is the parts to dst. They must be
// less than 4 GiB.
func AppendFrame(dst []byte, parts ...[]byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(sizeOf(parts)))
	for _, part := range parts {
		dst = append(dst, part...)
	}
	return dst
}

func sizeOf(parts [][]byte) int {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	return size
}

func frameHeader(size int) (header [headerSize]byte, err error) {
	if int64(size) > math.MaxUint32 {
		return header, fmt.Errorf("wanted a frame of at most %d bytes, got one of %d", uint32(math.MaxUint32), size)
	}
	binary.BigEndian.PutUint32(header[:], uint32(size))
	return header, nil
}

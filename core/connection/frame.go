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

	// restingSize is the buffer of a reader that waits for a frame: enough for most
	// calls, and little compared to the waiting goroutine.
	restingSize = 512

	// busySize is the buffer of a reader whose last buffer was full: its peer sends
	// frames without waiting for answers.
	busySize = restingSize * growth * growth

	// growth is the factor by which a full buffer grows. A peer can make a reader
	// allocate at most this many times what it has sent, whatever its header says.
	growth = 4

	// joinedSize is the longest frame that is copied together and written at once; for
	// a longer one, writev of its parts is cheaper.
	joinedSize = 64 << 10
)

// TooLongError is the error for a frame whose header announces more bytes than the
// reader accepts.
type TooLongError struct {
	Size uint32
	Max  int
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("wanted a frame of at most %d bytes, got one of %d", e.Max, e.Size)
}

// A FrameReader reads frames from a stream. After a temporary error, such as a
// deadline, the same call can be repeated: what was read of a frame is kept. Only one
// goroutine may use it at a time.
type FrameReader struct {
	// Exact makes the reader read nothing beyond the requested frame, which costs one
	// more system call for each. The descriptor can then be polled, or given away
	// between two frames.
	Exact bool

	// Admit is called before a frame of size bytes that is longer than busySize is
	// read, and may wait. After an error of it, the same call can be repeated. Nil
	// accepts all frames.
	Admit func(size int) error

	src        io.Reader
	max        int
	buf        []byte // buf[start:end] was read but not used yet
	start, end int
	resting    []byte
	pooled     *[]byte // the pooled slice behind buf, if it must be returned to a pool
	busy       bool    // the last read has filled buf
}

// NewFrameReader creates a reader for the frames in src, which may have at most max
// bytes.
func NewFrameReader(src io.Reader, max int) *FrameReader {
	return &FrameReader{src: src, max: max}
}

// SetMax changes the maximum length of a frame.
func (r *FrameReader) SetMax(max int) { r.max = max }

// Next returns the payload of the next frame, which is valid until the next call. The
// error is io.EOF if the stream ends between two frames, io.ErrUnexpectedEOF within a
// frame, and a [*TooLongError] for a frame over the limit, of which nothing is read.
func (r *FrameReader) Next() ([]byte, error) {
	r.shrink()
	if err := r.fill(headerSize); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(r.buf[r.start:])
	if int64(size) > int64(r.max) {
		return nil, &TooLongError{size, r.max}
	}
	whole := headerSize + int(size)
	if whole > busySize && r.Admit != nil {
		if err := r.Admit(whole); err != nil {
			return nil, err
		}
	}
	if err := r.fill(whole); err != nil {
		return nil, err
	}
	return r.take(whole)[headerSize:], nil
}

// Return puts the last frame of Next back in front of the stream.
func (r *FrameReader) Return(frame []byte) { r.start -= headerSize + len(frame) }

// Forget says that the last frame of Next is not needed any more, so that a long buffer
// can be freed.
func (r *FrameReader) Forget() {
	if r.start == r.end {
		r.rest()
	}
	r.shrink()
}

// shrink frees a long buffer that is nearly empty: otherwise a peer that sends a few
// bytes after a long frame, and then nothing, would keep it allocated.
func (r *FrameReader) shrink() {
	if len(r.buf) <= busySize || r.Buffered() > busySize {
		return
	}
	smaller, pooled := newBuffer(busySize, busySize)
	n := copy(smaller, r.Peek())
	r.release()
	r.buf, r.pooled, r.start, r.end = smaller, pooled, 0, n
}

// Discard drops everything that was read.
func (r *FrameReader) Discard() {
	r.start = r.end
	r.rest()
}

// Read returns exactly n bytes without looking for frames. They are valid until the
// next call.
func (r *FrameReader) Read(n int) ([]byte, error) {
	if err := r.fill(n); err != nil {
		return nil, err
	}
	return r.take(n), nil
}

// Waiting reports whether the next frame was already read.
func (r *FrameReader) Waiting() bool {
	n := r.Buffered() - headerSize
	return n >= 0 && int64(binary.BigEndian.Uint32(r.buf[r.start:])) <= int64(n)
}

// Buffered is how many bytes were read but not used.
func (r *FrameReader) Buffered() int { return r.end - r.start }

// Unread puts data in front of the stream, and owns it. The reader must not have read
// anything yet.
func (r *FrameReader) Unread(data []byte) {
	size := restingSize * growth // buffers have the sizes of the pools
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

// Peek returns what was read but not used. It is valid until the next call.
func (r *FrameReader) Peek() []byte { return r.buf[r.start:r.end] }

func (r *FrameReader) take(n int) []byte {
	taken := r.buf[r.start : r.start+n : r.start+n]
	r.start += n
	return taken
}

// fill reads until n bytes are available.
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

// rest returns to the small buffer, so that a connection that is idle after a long
// frame does not keep a long buffer.
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

// makeRoom makes space after end, for all n bytes unless that needs a buffer larger
// than [growth] times what has arrived.
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

// buffers are pools for buffers larger than the resting one, by the number of times
// that it has grown. Longer buffers are left to the garbage collector.
var buffers [4]sync.Pool

func classOf(size int) int {
	class := -1
	for size > restingSize {
		size /= growth
		class++
	}
	return class
}

// newBuffer makes a buffer of size bytes, or fewer if a frame of whole bytes needs no
// more.
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

// WriteFrame writes one frame that consists of the parts, with one system call unless
// the stream accepts less.
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

// Frame is one frame that consists of the parts, which are not copied.
func Frame(parts ...[]byte) (net.Buffers, error) {
	header, err := frameHeader(sizeOf(parts))
	if err != nil {
		return nil, err
	}
	return append(net.Buffers{header[:]}, parts...), nil
}

// AppendFrame appends one frame that consists of the parts to dst. They must be less
// than 4 GiB.
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

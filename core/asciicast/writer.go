package asciicast

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Writer records a terminal. Its methods may be called at the same time. The first
// error of the underlying writer ends the recording; all methods return it from then
// on.
type Writer struct {
	mu      sync.Mutex
	w       io.Writer
	started time.Time
	output  text
	err     error
}

// NewWriter begins a recording at the present time. The header needs a size; its
// version is set, and its timestamp unless it has one. Each event is written to w in
// one call, so that the recording of a process that dies is complete up to its end. The
// caller closes w.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	started := time.Now()
	h.Version = version
	if h.Timestamp == 0 {
		h.Timestamp = started.Unix()
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	line, err := encode(h)
	if err == nil {
		_, err = w.Write(line)
	}
	if err != nil {
		return nil, fmt.Errorf("write the header of an asciicast: %w", err)
	}
	return &Writer{w: w, started: started}, nil
}

// Output records what the program has written. An incomplete character at the end of p
// becomes part of the next event.
func (w *Writer) Output(p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.send(w.output.next(p))
	return w.err
}

// Resize records a new size.
func (w *Writer) Resize(cols, rows int) error {
	return w.event(Resize, fmt.Sprintf("%dx%d", cols, rows))
}

// Exit records how the program has ended.
func (w *Writer) Exit(status int) error { return w.event(Exit, strconv.Itoa(status)) }

// Close records the rest of incomplete characters. It does not close the underlying
// writer.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.send(w.output.rest())
	return w.err
}

func (w *Writer) event(code Code, data string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if code == Exit {
		w.send(w.output.rest())
	}
	w.write(Event{w.seconds(), code, data})
	return w.err
}

func (w *Writer) send(output string) {
	if output != "" {
		w.write(Event{w.seconds(), Output, output})
	}
}

func (w *Writer) seconds() float64 { return time.Since(w.started).Seconds() }

func (w *Writer) write(e Event) {
	if w.err != nil {
		return
	}
	line, err := encode(e)
	if err == nil {
		_, err = w.w.Write(line)
	}
	if err != nil {
		w.err = fmt.Errorf("write an event of an asciicast: %w", err)
	}
}

// text converts a stream of bytes to text.
type text struct{ cut []byte }

// next is p as text, including the character that was incomplete before, and without
// one that is incomplete at the end. Each byte that is not UTF-8 becomes U+FFFD.
func (t *text) next(p []byte) string {
	if len(t.cut) > 0 {
		p = append(t.cut, p...)
	}
	whole := len(p)
	for start := max(0, len(p)-utf8.UTFMax+1); start < len(p); start++ {
		if utf8.RuneStart(p[start]) && !utf8.FullRune(p[start:]) {
			whole = start
			break
		}
	}
	t.cut = bytes.Clone(p[whole:])
	return valid(p[:whole])
}

func (t *text) rest() string {
	rest := valid(t.cut)
	t.cut = nil
	return rest
}

func valid(p []byte) string {
	if utf8.Valid(p) {
		return string(p)
	}
	return string([]rune(string(p)))
}

// encode returns v as a line of JSON.
func encode(v any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return line.Bytes(), err
}

func quote(s string) (string, error) {
	text, err := encode(s)
	return strings.TrimSuffix(string(text), "\n"), err
}

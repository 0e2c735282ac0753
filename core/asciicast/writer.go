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

// Writer records a terminal. Its methods may be called at the same time. The
// first error of the writer below ends the recording; all methods return it
// from then on, and Close at last.
type Writer struct {
	mu      sync.Mutex
	w       io.Writer
	started time.Time
	output  text
	input   text
	err     error
}

// NewWriter begins a recording: the time is now. The header needs a size; its
// version is set, and its timestamp unless it has one. Each event goes to w in
// one call, so that a recording of a process that died is whole up to its end.
// The caller closes w.
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

// Output records what the program has written. A character that is cut at the
// end of p becomes part of the next event.
func (w *Writer) Output(p []byte) error { return w.text(Output, &w.output, p) }

// Input records what was typed, likewise. Secrets are in there too.
func (w *Writer) Input(p []byte) error { return w.text(Input, &w.input, p) }

// Resize records a new size.
func (w *Writer) Resize(cols, rows int) error {
	return w.event(Resize, fmt.Sprintf("%dx%d", cols, rows))
}

// Mark records a label.
func (w *Writer) Mark(label string) error { return w.event(Marker, label) }

// Exit records how the program has ended.
func (w *Writer) Exit(status int) error { return w.event(Exit, strconv.Itoa(status)) }

// Close records what is left of cut characters. It does not close the writer
// below.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flush()
	return w.err
}

func (w *Writer) text(code Code, t *text, p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.send(code, t.next(p))
	return w.err
}

func (w *Writer) event(code Code, data string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if code == Exit {
		w.flush()
	}
	w.write(Event{w.seconds(), code, data})
	return w.err
}

func (w *Writer) flush() {
	w.send(Output, w.output.rest())
	w.send(Input, w.input.rest())
}

func (w *Writer) send(code Code, data string) {
	if data != "" {
		w.write(Event{w.seconds(), code, data})
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

// text is a stream of bytes that becomes text.
type text struct{ cut []byte }

// next is p as text, with what was cut before it and without what is cut at its
// end. Each byte that is not UTF-8 becomes U+FFFD.
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

// encode is v as a line.
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

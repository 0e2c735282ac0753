package asciicast

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Reader reads a recording.
type Reader struct {
	Header Header

	r    *bufio.Reader
	line int
}

// NewReader reads the header.
func NewReader(r io.Reader) (*Reader, error) {
	reader := &Reader{r: bufio.NewReader(r)}
	if err := reader.next(&reader.Header); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read the header of an asciicast: %w", err)
	}
	return reader, reader.Header.check()
}

// Events reads the events, including those whose code has no constant here. If a line
// is not an event, the sequence ends with an error.
func (r *Reader) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			var e Event
			err := r.next(&e)
			if errors.Is(err, io.EOF) || !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// next reads a line that is not empty.
func (r *Reader) next(v any) error {
	for {
		line, err := r.r.ReadBytes('\n')
		r.line++
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if err := json.Unmarshal(line, v); err != nil {
				return fmt.Errorf("line %d of an asciicast: %w", r.line, err)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

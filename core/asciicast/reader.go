package asciicast

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// Next reads the next event, or returns io.EOF at the end. Events whose code
// has no name here are returned too.
func (r *Reader) Next() (Event, error) {
	var e Event
	err := r.next(&e)
	return e, err
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

// ReadAll reads a whole recording.
func ReadAll(r io.Reader) (Header, []Event, error) {
	reader, err := NewReader(r)
	if err != nil {
		return Header{}, nil, err
	}
	var events []Event
	for {
		event, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return reader.Header, events, nil
		} else if err != nil {
			return reader.Header, events, err
		}
		events = append(events, event)
	}
}

// Package asciicast writes and reads recordings of terminals in the format of
// asciinema: asciicast, version 2.
//
// A recording is lines of JSON. The first is the header; each of the others is an
// event, a list of the seconds since the beginning, a code and the data. The format is
// described at https://docs.asciinema.org/manual/asciicast/v2/.
//
// Only version 3 has a code for the exit status, "x". It is used here, too: players of
// version 2 skip unknown codes.
package asciicast

import (
	"encoding/json"
	"fmt"
)

// Header is the first line of a recording.
type Header struct {
	Version   int    `json:"version"` // 2; the writer sets it
	Width     int    `json:"width"`   // in columns
	Height    int    `json:"height"`  // in rows
	Timestamp int64  `json:"timestamp,omitempty"`
	Command   string `json:"command,omitempty"`
	Title     string `json:"title,omitempty"`
}

// version is the only supported version.
const version = 2

func (h Header) check() error {
	if h.Version != version {
		return fmt.Errorf("wanted an asciicast of version %d, got version %d", version, h.Version)
	}
	if h.Width < 1 || h.Height < 1 {
		return fmt.Errorf("wanted an asciicast with a size, got %d columns and %d rows", h.Width, h.Height)
	}
	return nil
}

// Code is the kind of an event.
type Code string

const (
	Output Code = "o" // the program wrote this
	Resize Code = "r" // the size from now on, as "80x24"
	Exit   Code = "x" // the program has ended, with this status
)

// Event is something that happened during the recording.
type Event struct {
	Time float64 // in seconds from the beginning
	Code Code
	Data string
}

// MarshalJSON writes the event as a list. Times have a resolution of a microsecond.
func (e Event) MarshalJSON() ([]byte, error) {
	data, err := quote(e.Data)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "[%.6f, %q, %s]", e.Time, e.Code, data), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Event) UnmarshalJSON(text []byte) error {
	var fields []json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	if len(fields) != 3 {
		return fmt.Errorf("wanted an event of time, code and data, got %d entries", len(fields))
	}
	for i, target := range []any{&e.Time, &e.Code, &e.Data} {
		if err := json.Unmarshal(fields[i], target); err != nil {
			return err
		}
	}
	return nil
}

// Size reads the data of a Resize.
func (e Event) Size() (cols, rows int, err error) {
	if _, err := fmt.Sscanf(e.Data, "%dx%d", &cols, &rows); err != nil || cols < 1 || rows < 1 {
		return 0, 0, fmt.Errorf("wanted a size such as 80x24, got %q", e.Data)
	}
	return cols, rows, nil
}

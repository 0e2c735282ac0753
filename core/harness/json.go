package harness

import (
	"encoding/json"
	"io"
)

// JSONLines is the reporter that writes each event as a line of JSON.
type JSONLines struct {
	encoder *json.Encoder
	err     error
}

// NewJSONLines makes a reporter that writes to w.
func NewJSONLines(w io.Writer) *JSONLines {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return &JSONLines{encoder: encoder}
}

// Report writes the event.
func (j *JSONLines) Report(e Event) {
	if err := j.encoder.Encode(e); j.err == nil {
		j.err = err
	}
}

// Err is the first error of the writer.
func (j *JSONLines) Err() error { return j.err }

// Replay reports the events that a [JSONLines] wrote, until r ends.
func Replay(r io.Reader, to Reporter) error {
	for decoder := json.NewDecoder(r); ; {
		var e Event
		switch err := decoder.Decode(&e); err {
		case nil:
			to.Report(e)
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

package asciicast_test

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzReader reads a random recording: what was read can be written, and is the same
// when it is read again.
func FuzzReader(f *testing.F) {
	const header = `{"version": 2, "width": 80, "height": 24, "env": {"TERM": "xterm"}}` + "\n"
	for _, seed := range []string{
		header, header + "[0.25, \"o\", \"\\u001b[1m\\r\\n\"]\n\n[1, \"r\", \"90x20\"]\n[2, \"x\", \"3\"]", header + `[1e999, "o", ""]`,
		header + `[1, "o"]`, header + `{}`, header + "[null, null, null]", `{"version": 1}`, "", "\n\n", header + `[-1, "?", "\ud800"]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		header, events, err := read(bytes.NewReader(text))
		if err != nil {
			return
		}
		again, err := json.Marshal(header)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			line, err := json.Marshal(e)
			if err != nil {
				t.Fatalf("%+v: %v", e, err)
			}
			again = append(append(again, '\n'), line...)
			if cols, rows, err := e.Size(); err == nil && (cols < 1 || rows < 1) {
				t.Errorf("%q: got the size %dx%d", e.Data, cols, rows)
			}
		}
		header2, events2, err := read(bytes.NewReader(again))
		if err != nil || header2.Width != header.Width || header2.Height != header.Height || len(events2) != len(events) {
			t.Fatalf("%q became %q, and then %+v with %d events, %v", text, again, header2, len(events2), err)
		}
		for i, e := range events {
			if e2 := events2[i]; e2.Code != e.Code || e2.Data != e.Data {
				t.Errorf("%+v became %+v", e, e2)
			}
		}
	})
}

package picture_test

import (
	"encoding/json"
	"testing"

	"avescript/core/picture"
	"avescript/core/screen"
)

// TestChanged: rows come when they change, and never again.
func TestChanged(t *testing.T) {
	s := screen.New(20, 3)
	d := picture.NewDrawer()
	for _, c := range []struct{ output, rows, cursor string }{
		{"one\r\n\x1b[1;31mtwo\x1b[0m  ", `[{"row":0,"spans":["one",0]},{"row":1,"spans":["two",1]}]`, "[1,5]"},
		{"", "null", "[1,5]"},
		{"\x1b[?25l\x1b[2K", `[{"row":1,"spans":[]}]`, "null"},
		{"\x1b[3;1Hwide 世\x1b[44m ", `[{"row":2,"spans":["wide 世",0," ",2]}]`, "null"},
	} {
		_, _ = s.Write([]byte(c.output))
		image := s.Snapshot()
		rows, _ := json.Marshal(d.Changed(image))
		cursor, _ := json.Marshal(picture.Cursor(image))
		if string(rows) != c.rows || string(cursor) != c.cursor {
			t.Errorf("after %q: got %s, cursor %s, wanted %s, cursor %s", c.output, rows, cursor, c.rows, c.cursor)
		}
	}
	styles, _ := json.Marshal(d.Styles)
	if want := `[{},{"fg":1,"bold":true},{"bg":4}]`; string(styles) != want {
		t.Errorf("styles: got %s, wanted %s", styles, want)
	}
}

package page

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"avescript/core/fleet/wire"
	"avescript/core/picture"
)

// FuzzTerminal: whatever a job says that a terminal shows, there is a picture of it.
func FuzzTerminal(f *testing.F) {
	f.Add("{\"version\":2,\"width\":80,\"height\":24}\n", "[0.1,\"o\",\"a\\u001b[2J\"]\n")
	f.Add("{\"version\":2,\"width\":1000000,\"height\":1000000}\n", "[0.1,\"r\",\"99999x99999\"]\n[1,\"o\",\"\\u4e16\"]\n")
	f.Fuzz(func(t *testing.T, header, lines string) {
		terminal := &terminal{drawer: picture.NewDrawer()}
		terminal.write(header)
		terminal.write(lines)
		if terminal.screen == nil {
			return
		}
		s := terminal.shot()
		if s.Cols > mostCols || s.Rows > mostRows || len(s.Lines) > s.Rows {
			t.Errorf("%d columns, %d rows, %d lines", s.Cols, s.Rows, len(s.Lines))
		}
		for _, line := range s.Lines {
			for i := 1; i < len(line.Spans); i += 2 {
				if line.Spans[i].(int) >= len(s.Styles) {
					t.Errorf("style %v of %d", line.Spans[i], len(s.Styles))
				}
			}
		}
	})
}

// TestStylesAreBounded: a program that uses ever more colors fills no memory.
func TestStylesAreBounded(t *testing.T) {
	terminal := &terminal{drawer: picture.NewDrawer()}
	terminal.write("{\"version\":2,\"width\":80,\"height\":2}\n")
	known, restarts := 0, 0
	for i := range 300 {
		var line strings.Builder
		for j := range 70 {
			fmt.Fprintf(&line, "\x1b[38;2;%d;%d;%dmx", i/256, i%256, j)
		}
		text, _ := json.Marshal([]any{0.1, "o", "\r" + line.String()})
		terminal.write(string(text) + "\n")
		s := terminal.shot()
		if s.Anew {
			known = 0
			restarts++
		}
		known += len(s.Styles)
		if known > 2*mostStyles || s.Anew && len(s.Lines) == 0 {
			t.Fatalf("%d styles, %d lines", known, len(s.Lines))
		}
		for _, line := range s.Lines {
			for i := 1; i < len(line.Spans); i += 2 {
				if line.Spans[i].(int) >= known {
					t.Fatalf("style %v of %d", line.Spans[i], known)
				}
			}
		}
	}
	if restarts == 0 {
		t.Error("no style was forgotten")
	}
}

// FuzzMessages: whatever is in the stream, history takes it and browsers get JSON.
func FuzzMessages(f *testing.F) {
	f.Add("fleet.note.r", `[{"kind":"started","run":"r","token":"1.0","host":"h","pieces":["p"]}]`)
	f.Add("fleet.output.h.r.0.1.0", `{"events":[{"event":"test_finished","file":"a.lua","path":["x"],"status":"failed"}],"screen":{"test":"t"}}`)
	f.Fuzz(func(t *testing.T, subject, data string) {
		h, err := openHistory("", nil)
		if err != nil {
			t.Fatal(err)
		}
		h.fold(wire.NoteSubject("r"), 1, []byte(`[{"kind":"started","run":"r","token":"1.0","host":"h","pieces":["p"]}]`))
		h.fold(subject, 2, []byte(data))
		h.tests("x", 10)
		h.piece(PieceKey("h", "p"))
		_, _ = itemOf(subject, 2, []byte(data))
	})
}

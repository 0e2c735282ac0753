package report

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"avescript/core/asciicast"
	"avescript/core/screen"
)

// pageCast is a recording in the form that the page plays: pictures of the terminal at
// different times, computed in advance, so that the browser needs no terminal emulator.
// A picture contains only the rows that have changed.
type pageCast struct {
	Title    string      `json:"title,omitempty"`
	Cols     int         `json:"cols"`
	Rows     int         `json:"rows"`
	Seconds  float64     `json:"seconds"`
	Styles   []castStyle `json:"styles"`
	Pictures []picture   `json:"pictures"`
	Cut      bool        `json:"cut,omitempty"` // the recording is longer than the page shows
}

// castStyle is the look of characters. A colour is an index into the palette of 256, or
// a CSS colour; nil is the default of the terminal.
type castStyle struct {
	Fg        any  `json:"fg,omitempty"`
	Bg        any  `json:"bg,omitempty"`
	Bold      bool `json:"bold,omitempty"`
	Faint     bool `json:"faint,omitempty"`
	Italic    bool `json:"italic,omitempty"`
	Underline bool `json:"underline,omitempty"`
	Strike    bool `json:"strike,omitempty"`
	Reverse   bool `json:"reverse,omitempty"`
}

type picture struct {
	Time   float64   `json:"t"`
	Rows   []castRow `json:"rows,omitempty"`
	Cursor []int     `json:"cursor,omitempty"` // row and column, nil if it is hidden
}

type castRow struct {
	Row   int   `json:"row"`
	Spans []any `json:"spans"` // text and style index in turn
}

const (
	castInterval = 1.0 / 30 // seconds between two pictures
	mostPictures = 3000
)

// projector plays a recording on a screen and takes pictures of it.
type projector struct {
	cast   *pageCast
	screen *screen.Screen
	styles map[castStyle]int
	shown  [][]any // the rows of the last picture
}

func readCast(file string) (*pageCast, error) {
	data := readSmall(file)
	if data == nil {
		return nil, fmt.Errorf("%s is not readable or too large", file)
	}
	r, err := asciicast.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	p := &projector{
		cast: &pageCast{
			Title: escapeName(r.Header.Title), Cols: r.Header.Width, Rows: r.Header.Height,
			Styles: []castStyle{{}}, Pictures: []picture{},
		},
		screen: screen.New(r.Header.Width, r.Header.Height),
		styles: map[castStyle]int{{}: 0},
	}
	return p.cast, p.play(r)
}

// play takes one picture for changes that belong together. An incomplete recording is
// shown as far as it goes.
func (p *projector) play(r *asciicast.Reader) error {
	const none = -1.0
	since := none // time of the first change that no picture shows yet
	for e, err := range r.Events() {
		if err != nil {
			break
		}
		if since != none && e.Time > since+castInterval {
			p.take(since)
			since = none
			p.cast.Cut = len(p.cast.Pictures) == mostPictures
		}
		if p.feed(e) && since == none {
			since = e.Time
		}
		p.cast.Seconds = e.Time
		if p.cast.Cut {
			break
		}
	}
	if since != none {
		p.take(since)
	}
	if len(p.cast.Pictures) == 0 {
		return errors.New("the recording shows nothing")
	}
	return nil
}

// feed reports whether the event may have changed the picture.
func (p *projector) feed(e asciicast.Event) bool {
	switch e.Code {
	case asciicast.Output:
		_, _ = p.screen.Write([]byte(e.Data))
		p.screen.Replies() // nobody needs the replies
		return true
	case asciicast.Resize:
		if cols, rows, err := e.Size(); err == nil {
			p.screen.Resize(cols, rows)
			p.cast.Cols, p.cast.Rows = max(p.cast.Cols, cols), max(p.cast.Rows, rows)
			return true
		}
	}
	return false
}

func (p *projector) take(at float64) {
	image := p.screen.Snapshot()
	shot := picture{Time: at}
	if image.Cursor.Visible {
		shot.Cursor = []int{image.Cursor.Row, image.Cursor.Col}
	}
	for row := range max(image.Rows, len(p.shown)) {
		if row == len(p.shown) {
			p.shown = append(p.shown, nil)
		}
		spans := p.spans(image, row)
		if !slices.Equal(spans, p.shown[row]) {
			p.shown[row] = spans
			shot.Rows = append(shot.Rows, castRow{Row: row, Spans: spans})
		}
	}
	p.cast.Pictures = append(p.cast.Pictures, shot)
}

// spans returns the parts of a row that have the same style, without blanks at the end.
func (p *projector) spans(image *screen.Image, row int) []any {
	spans := []any{}
	for col := range image.Cols {
		cell := image.Cell(row, col)
		text := cell.Text
		if cell.Hidden {
			text = " "
		}
		style := p.style(cell.Style)
		if last := len(spans) - 1; last > 0 && (cell.Width == 0 || spans[last] == style) {
			spans[last-1] = spans[last-1].(string) + text
		} else {
			spans = append(spans, text, style)
		}
	}
	if last := len(spans) - 1; last > 0 && spans[last] == 0 {
		text := strings.TrimRight(spans[last-1].(string), " ")
		if spans[last-1] = text; text == "" {
			spans = spans[:last-1]
		}
	}
	return spans
}

func (p *projector) style(s screen.Style) int {
	style := castStyle{
		Fg: castColor(s.Fg), Bg: castColor(s.Bg), Bold: s.Bold, Faint: s.Faint, Italic: s.Italic,
		Underline: s.Underline != "", Strike: s.Strike, Reverse: s.Reverse,
	}
	number, ok := p.styles[style]
	if !ok {
		number = len(p.cast.Styles)
		p.styles[style] = number
		p.cast.Styles = append(p.cast.Styles, style)
	}
	return number
}

func castColor(c screen.Color) any {
	if index, ok := c.Index(); ok {
		return index
	}
	if c == 0 {
		return nil
	}
	return c.String()
}

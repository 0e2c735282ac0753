package report

import (
	"bytes"
	"errors"
	"fmt"

	"avescript/core/asciicast"
	"avescript/core/picture"
	"avescript/core/screen"
)

// pageCast is a recording in the form that the page plays: pictures of the terminal at
// different times, computed in advance, so that the browser needs no terminal emulator.
// A picture contains only the rows that have changed.
type pageCast struct {
	Title    string          `json:"title,omitempty"`
	Cols     int             `json:"cols"`
	Rows     int             `json:"rows"`
	Seconds  float64         `json:"seconds"`
	Styles   []picture.Style `json:"styles"`
	Pictures []castPicture   `json:"pictures"`
	Cut      bool            `json:"cut,omitempty"` // the recording is longer than the page shows
}

type castPicture struct {
	Time   float64       `json:"t"`
	Rows   []picture.Row `json:"rows,omitempty"`
	Cursor []int         `json:"cursor,omitempty"` // row and column, nil if it is hidden
}

const (
	castInterval = 1.0 / 30 // seconds between two pictures
	mostPictures = 3000
)

// projector plays a recording on a screen and takes pictures of it.
type projector struct {
	cast   *pageCast
	screen *screen.Screen
	drawer *picture.Drawer
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
			Pictures: []castPicture{},
		},
		screen: screen.New(r.Header.Width, r.Header.Height),
		drawer: picture.NewDrawer(),
	}
	err = p.play(r)
	p.cast.Styles = p.drawer.Styles
	return p.cast, err
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
	p.cast.Pictures = append(p.cast.Pictures, castPicture{Time: at, Rows: p.drawer.Changed(image), Cursor: picture.Cursor(image)})
}

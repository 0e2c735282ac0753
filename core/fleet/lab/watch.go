package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"avescript/core/columns"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/printable"
)

// watchInterval is the time between two views.
const watchInterval = time.Second

// Show writes the view of the lab once.
func Show(ctx context.Context, out *os.File, asJSON bool) error {
	answer, _, err := Ask(ctx, Looking, wire.VerbLab, nil)
	if err != nil {
		return err
	}
	if answer.Lab == nil {
		return errNoView
	}
	if asJSON {
		return WriteJSON(out, answer.Lab, true)
	}
	return WriteTable(out, answer.Lab, columns.Width(out))
}

var errNoView = fmt.Errorf("the hub has no view of the lab: it is of another version than this program")

// Watch writes the view again and again until ctx ends, on a terminal in place of the one
// before. When there is no contact to the hub, it says so, with what was there before.
func Watch(ctx context.Context, out *os.File, asJSON bool) error {
	config, err := Find(Looking...)
	if err != nil {
		return err
	}
	l, err := link.Dial(ctx, config)
	if err != nil {
		return err
	}
	defer l.Close()
	w := &watcher{link: l}
	return columns.Repeat(ctx, out, watchInterval, !asJSON, func(ctx context.Context, width int) string {
		return w.text(ctx, asJSON, width)
	})
}

type watcher struct {
	link *link.Link
	last *wire.Lab
	seen time.Time
}

// text is the next text. JSON is written for each view that has come, and for no others.
func (w *watcher) text(ctx context.Context, asJSON bool, width int) string {
	limited, cancel := context.WithTimeout(ctx, 2*watchInterval)
	defer cancel()
	answer, err := w.link.Request(limited, wire.VerbLab, nil)
	var text bytes.Buffer
	switch {
	case err == nil && answer.Lab == nil:
		err = errNoView
	case err == nil:
		w.last, w.seen = answer.Lab, time.Now()
	}
	if asJSON {
		if err == nil {
			_ = WriteJSON(&text, w.last, false) // into memory
		}
		return text.String()
	}
	if err != nil && w.last != nil {
		fmt.Fprintf(&text, "No contact to the hub for %s: %s\n", columns.Duration(time.Since(w.seen)), printable.Line(err.Error()))
	} else if err != nil {
		fmt.Fprintf(&text, "No contact to the hub: %s\n", printable.Line(err.Error()))
	}
	if w.last != nil {
		_ = WriteTable(&text, w.last, width)
	}
	return text.String()
}

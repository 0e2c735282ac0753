package page

import (
	"bytes"
	"fmt"
	"net/http"
	"time"
)

// events writes server-sent events to one reader. A reader that does not take them in
// time is disconnected.
type events struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
}

// startEvents begins an answer that does not end. If there are too many readers, it
// answers so and returns nil; otherwise the caller has to call leave.
func (p *Page) startEvents(w http.ResponseWriter) *events {
	select {
	case p.readers <- struct{}{}:
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many readers: close a window, or try again later", http.StatusServiceUnavailable)
		return nil
	}
	e := &events{w, http.NewResponseController(w), p.options.Patience}
	_ = e.control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	return e
}

func (p *Page) leave() { <-p.readers }

// send writes an event. Data is JSON and has no line feeds.
func (e *events) send(event, id string, data []byte) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(e.patience))
	var text bytes.Buffer
	fmt.Fprintf(&text, "event: %s\n", event)
	if id != "" {
		fmt.Fprintf(&text, "id: %s\n", id)
	}
	text.WriteString("data: ")
	text.Write(data)
	text.WriteString("\n\n")
	if _, err := e.w.Write(text.Bytes()); err != nil {
		return err
	}
	return e.control.Flush()
}

// lastEvent is what a reader has got before: its browser says so when it comes back by
// itself, the page when it had to connect anew.
func lastEvent(r *http.Request) string {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	return r.URL.Query().Get("after")
}

// serveLabEvents sends the lab, and what changes in it.
func (p *Page) serveLabEvents(w http.ResponseWriter, r *http.Request) {
	e := p.startEvents(w)
	if e == nil {
		return
	}
	defer p.leave()
	who, _ := p.identity(r)
	id := lastEvent(r)
	p.refresh()
	for {
		n := p.feed.since(id)
		if !p.stillAllowed(who) {
			return
		}
		if n.known {
			if e.send(n.event, n.id, n.data) != nil {
				return
			}
			id = n.id
		}
		select {
		case <-r.Context().Done():
			return
		case <-n.looked:
		}
	}
}

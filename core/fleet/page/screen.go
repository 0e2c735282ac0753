package page

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"avescript/core/asciicast"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/picture"
	"avescript/core/screen"
)

// pictureEvery is the time between two pictures of a terminal.
const pictureEvery = 50 * time.Millisecond

// The largest terminal that is shown, and how many styles there may be before they are
// forgotten: a program can use millions of colors.
const (
	mostCols   = 500
	mostRows   = 300
	mostStyles = 5000
)

// shot is what has changed on a terminal.
type shot struct {
	Cols   int             `json:"cols"`
	Rows   int             `json:"rows"`
	Lines  []picture.Row   `json:"lines,omitempty"`
	Cursor []int           `json:"cursor,omitempty"`
	Styles []picture.Style `json:"styles,omitempty"` // those after the ones that were sent before
	Anew   bool            `json:"anew,omitempty"`   // forget all rows and styles before this one
}

// terminal is the emulation of a terminal for one reader.
type terminal struct {
	screen *screen.Screen // nil before the header
	drawer *picture.Drawer
	sent   int // styles
}

// write takes in lines of asciicast. What is not one is left out.
func (t *terminal) write(cast string) (changed bool) {
	for line := range strings.Lines(cast) {
		if t.screen == nil {
			r, err := asciicast.NewReader(strings.NewReader(line))
			if err != nil {
				continue
			}
			t.screen = screen.New(min(r.Header.Width, mostCols), min(r.Header.Height, mostRows))
			changed = true
			continue
		}
		var e asciicast.Event
		if json.Unmarshal([]byte(line), &e) != nil {
			continue
		}
		switch e.Code {
		case asciicast.Output:
			_, _ = t.screen.Write([]byte(e.Data))
			t.screen.Replies() // nobody needs them
			changed = true
		case asciicast.Resize:
			if cols, rows, err := e.Size(); err == nil {
				t.screen.Resize(min(cols, mostCols), min(rows, mostRows))
				changed = true
			}
		}
	}
	return changed
}

func (t *terminal) shot() shot {
	image := t.screen.Snapshot()
	anew := len(t.drawer.Styles) > mostStyles
	if anew {
		t.drawer, t.sent = picture.NewDrawer(), 0
	}
	s := shot{Anew: anew, Cols: image.Cols, Rows: image.Rows, Lines: t.drawer.Changed(image), Cursor: picture.Cursor(image)}
	s.Styles = t.drawer.Styles[t.sent:]
	t.sent = len(t.drawer.Styles)
	return s
}

// serveScreen sends what a terminal of a running test shows. Each connection begins with
// everything that the terminal shows then, so nothing depends on what a reader has seen.
func (p *Page) serveScreen(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	run, host := r.PathValue("run"), q.Get("host")
	job, err := strconv.Atoi(q.Get("job"))
	token, err2 := wire.ParseToken(q.Get("token"))
	if errors.Join(err, err2, wire.CheckName(run), wire.CheckName(host)) != nil || p.options.JetStream == nil {
		http.NotFound(w, r)
		return
	}
	e := p.startEvents(w)
	if e == nil {
		return
	}
	defer p.leave()
	who, _ := p.identity(r)
	subject := wire.OutputSubject(host, run, job, token)
	if err := p.watch(r.Context(), e, who, subject, q.Get("test"), q.Get("name")); err != nil && r.Context().Err() == nil {
		p.options.Log.Printf("terminal of run %s: %v", run, err)
	}
}

func (p *Page) watch(ctx context.Context, e *events, who Identity, subject, test, name string) error {
	if err := e.send("start", "", []byte("{}")); err != nil {
		return err
	}
	messages, _, err := consume(ctx, p.options.JetStream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
	if err != nil {
		return err
	}
	defer messages.Stop()
	t := &terminal{drawer: picture.NewDrawer()}
	for {
		changed, err := t.read(ctx, messages, test, name)
		if err != nil {
			return err
		}
		if !p.stillAllowed(who) {
			return errors.New("the reader's key was revoked")
		}
		kind, data := "tick", []byte("{}")
		if changed {
			if data, err = json.Marshal(t.shot()); err != nil {
				return err
			}
			kind = "shot"
		}
		if err := e.send(kind, "", data); err != nil {
			return err
		}
	}
}

// read takes in messages until it is time for a picture, or for a sign of life. All that is
// there already makes one picture.
func (t *terminal) read(ctx context.Context, messages jetstream.MessagesContext, test, name string) (changed bool, err error) {
	end := time.Now().Add(quietAfter)
	for pending := uint64(0); ; {
		left := time.Until(end)
		if left <= 0 && pending == 0 {
			return changed, nil
		}
		limited, cancel := context.WithTimeout(ctx, max(left, pictureEvery/5))
		m, err := messages.Next(jetstream.NextContext(limited))
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return changed, ctx.Err()
		}
		if err != nil {
			return changed, err
		}
		if meta, err := m.Metadata(); err == nil {
			pending = meta.NumPending
		}
		var o wire.Output
		if link.IsEcho(m.Headers()) || json.Unmarshal(m.Data(), &o) != nil || o.Screen == nil || o.Screen.Test != test || o.Screen.Name != name {
			continue
		}
		if t.write(o.Screen.Cast) && !changed {
			changed = true
			end = time.Now().Add(pictureEvery)
		}
	}
}

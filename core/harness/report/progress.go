package report

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"avescript/core/harness"
)

// View says what the terminal view may do. The zero value is for files.
type View struct {
	Color bool       // use colours
	Live  bool       // show the progress, on a line that is written over
	Width func() int // of a terminal, in characters
}

// ViewOf is the view for a file that may be a terminal.
func ViewOf(f *os.File, color bool) View {
	width := func() int {
		size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
		if err != nil {
			return 0
		}
		return int(size.Col)
	}
	return View{Color: color, Live: width() > 0 && os.Getenv("TERM") != "dumb", Width: width}
}

// progress is the line that shows how far a run is. It is there while tests
// run in workers; without them, what tests print would get mixed up with it.
// All methods do nothing if it is nil.
type progress struct {
	style style
	width func() int
	now   func() time.Time

	started     time.Time
	drawn       time.Time // when the line was, zero if it is not there
	files, done int
	tests, bad  int
	running     map[int]harness.Event // the test of each worker
	workers     bool
}

func (p *progress) count(e harness.Event) {
	if p == nil {
		return
	}
	p.workers = p.workers || e.Worker > 0
	switch e.Kind {
	case harness.RunStarted:
		p.started, p.files = p.now(), e.Files
	case harness.FileFinished:
		p.done++
	case harness.TestStarted:
		p.running[e.Worker] = e
	case harness.TestFinished:
		delete(p.running, e.Worker)
		if e.Counts() {
			p.tests++
		}
	}
	if e.Bad() {
		p.bad++
	}
}

// active tells whether there is such a line.
func (p *progress) active() bool { return p != nil && p.workers }

// draw writes the line, unless it was just written.
func (p *progress) draw(w io.Writer) {
	const interval = 100 * time.Millisecond
	if !p.active() || p.now().Sub(p.drawn) < interval {
		return
	}
	p.clear(w)
	p.drawn = p.now()
	fmt.Fprint(w, p.line(), "\r")
}

// clear takes the line away.
func (p *progress) clear(w io.Writer) {
	if p != nil && !p.drawn.IsZero() {
		fmt.Fprint(w, "\r\x1b[K")
		p.drawn = time.Time{}
	}
}

// line has what is certain to fit first, and then the tests that are running,
// those first that have been running longest.
func (p *progress) line() string {
	const separator = "  "
	left := p.width() - 1
	var parts []string
	add := func(text string, paint func(string) string) {
		text = strings.Map(func(r rune) rune {
			if r == '\n' || r == '\t' {
				return ' '
			}
			return r
		}, text)
		if n := utf8.RuneCountInString(text) + len(separator); n <= left {
			left -= n
			parts = append(parts, paint(text))
		}
	}
	add(fmt.Sprintf("%d/%d files", p.done, p.files), p.style.dim)
	add(fmt.Sprintf("%d done", p.tests), p.style.dim)
	if p.bad > 0 {
		add(fmt.Sprintf("%d failed", p.bad), p.style.red)
	}
	add(p.now().Sub(p.started).Truncate(time.Second).String(), p.style.dim)
	for _, e := range p.oldest() {
		add(fmt.Sprintf("%d: %s", e.Worker, title(e)), p.style.cyan)
	}
	return strings.Join(parts, separator)
}

func (p *progress) oldest() []harness.Event {
	var list []harness.Event
	for _, e := range p.running {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b harness.Event) int {
		if a.Time != b.Time {
			return int(1e6 * (a.Time - b.Time))
		}
		return a.Worker - b.Worker
	})
	return list
}

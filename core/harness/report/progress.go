package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"

	"avescript/core/harness"
)

// View is what the terminal report may use. The zero value is for files.
type View struct {
	Color bool       // use colours
	Live  bool       // show the progress, on a line that is overwritten
	Width func() int // of a terminal, in characters

	// Listing receives problems if tests are only listed; it is nil if they run.
	Listing io.Writer
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

// progress is the line that shows the progress of a run. It is only shown if tests run
// in workers; otherwise the output of the tests would be mixed up with it. All methods
// do nothing if it is nil.
type progress struct {
	style style
	width func() int
	now   func() time.Time

	started     time.Time
	drawn       time.Time // when the line was written, zero if it is not shown
	shown       string    // the text of the line
	files, done int
	tests, bad  int
	running     map[int]harness.Event // the test of each worker
	since       map[int]time.Time     // when it began
	workers     bool
	hidden      bool // somebody else has the terminal
}

func (p *progress) count(e harness.Event) {
	if p == nil {
		return
	}
	p.runs(e)
	switch e.Kind {
	case harness.RunStarted:
		p.started, p.files = p.now(), e.Files
	case harness.FileFinished:
		p.done++
	case harness.TestFinished:
		if e.Counts() {
			p.tests++
		}
	}
	if e.Bad() {
		p.bad++
	}
}

// runs records what a worker is running, without counting anything.
func (p *progress) runs(e harness.Event) {
	if p == nil {
		return
	}
	p.workers = p.workers || e.Worker > 0
	switch e.Kind {
	case harness.FileFinished, harness.TestFinished:
		delete(p.running, e.Worker)
	case harness.TestStarted:
		p.running[e.Worker], p.since[e.Worker] = e, p.now()
	}
}

// active reports whether the line is shown.
func (p *progress) active() bool { return p != nil && p.workers }

// draw writes the line over the previous one, unless it was written a moment ago or has
// not changed. The old line is not erased first, because that would flicker.
func (p *progress) draw(w io.Writer) {
	const interval = 100 * time.Millisecond
	if !p.active() || p.hidden || p.now().Sub(p.drawn) < interval {
		return
	}
	p.drawn = p.now()
	if line := p.line(); line != p.shown {
		p.shown = line
		fmt.Fprint(w, "\r", line, erase)
	}
}

// clear erases the line.
func (p *progress) clear(w io.Writer) {
	if p != nil && p.shown != "" {
		fmt.Fprint(w, "\r", erase)
		p.drawn, p.shown = time.Time{}, ""
	}
}

// hide takes the line away, and unhide lets it come back.
func (p *progress) hide(w io.Writer) {
	p.clear(w)
	if p != nil {
		p.hidden = true
	}
}

func (p *progress) unhide() {
	if p != nil {
		p.hidden = false
	}
}

// erase clears everything from the cursor on and leaves the cursor at the beginning of
// the line. Erasing one line is not enough: a terminal that became narrower may have
// wrapped the line.
const erase = "\x1b[J\r"

// line shows how far the run is and, if there is room, the running tests, those that
// have been running longest first. It never exceeds the width.
func (p *progress) line() string {
	const separator = "  "
	left := p.width() - 1
	var parts []string
	add := func(text string, paint func(string) string) {
		if n := ansi.StringWidth(text) + len(separator); n <= left {
			left -= n
			parts = append(parts, paint(text))
		}
	}
	add(fmt.Sprintf("%d/%d files", p.done, p.files), p.style.dim)
	add(fmt.Sprintf("%d done", p.tests), p.style.dim)
	if p.bad > 0 {
		add(fmt.Sprintf("%d failed", p.bad), p.style.red)
	}
	add(seconds(p.now().Sub(p.started)), p.style.dim)
	oldest := p.oldest()
	for i, e := range oldest {
		share := max(narrowest, left/(len(oldest)-i))
		if share > left {
			break
		}
		add(p.test(e, share-len(separator)), p.style.cyan)
	}
	return strings.Join(parts, separator)
}

// narrowest is the number of columns that are needed to recognize a test.
const narrowest = 24

// test is the name of a test and how long it has been running, in at most this number
// of columns.
func (p *progress) test(e harness.Event, columns int) string {
	since := ""
	if took := p.now().Sub(p.since[e.Worker]); took >= time.Second {
		since = " " + seconds(took)
	}
	name := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, title(e)+on(e))
	return clip(name, columns-len(since)) + since
}

func seconds(d time.Duration) string { return d.Truncate(time.Second).String() }

func (p *progress) oldest() []harness.Event {
	return slices.SortedFunc(maps.Values(p.running), func(a, b harness.Event) int {
		return cmp.Or(p.since[a.Worker].Compare(p.since[b.Worker]), a.Worker-b.Worker)
	})
}

package report

import (
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"avescript/core/harness"
	"avescript/core/webpage"
)

// sources are the parts of the page: its frame, its looks, and its scripts in
// the order in which they are needed.
//
//go:embed html
var sources embed.FS

var scripts = []string{"text.js", "data.js", "list.js", "timeline.js", "player.js", "detail.js", "main.js"}

// page writes one HTML file when the run ends. It has everything in it: what is
// known of the tests as JSON, and the scripts that show it. A browser builds
// only the rows that can be seen, so that ten thousand tests open at once.
type page struct {
	w        io.Writer
	attempts attempts
	run      pageRun
	files    map[string]int // index in run.Files
	texts    sourceTexts
}

// pageRun is what the page is told.
type pageRun struct {
	Started float64        `json:"started,omitempty"` // seconds of the epoch
	Seconds float64        `json:"seconds"`
	Totals  harness.Totals `json:"totals"`
	Verdict string         `json:"verdict"`
	Unrun   int            `json:"unrun,omitempty"` // files that have not been run
	Files   []pageFile     `json:"files"`
	Spans   []pageSpan     `json:"spans,omitempty"`
	Tests   []pageTest     `json:"tests"`
	Casts   []*pageCast    `json:"casts,omitempty"`
}

type pageFile struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// pageSpan is the time for which a worker has run a file.
type pageSpan struct {
	File    int     `json:"file"` // index in Files
	Start   float64 `json:"start"`
	Seconds float64 `json:"seconds"`
	Worker  int     `json:"worker,omitempty"`
}

type pageTest struct {
	pageAttempt
	File        int           `json:"file"` // index in Files
	Path        []string      `json:"path,omitempty"`
	Line        int           `json:"line,omitempty"`
	Tags        []string      `json:"tags,omitempty"`
	Bad         bool          `json:"bad,omitempty"`
	Flaky       bool          `json:"flaky,omitempty"`
	Quarantined bool          `json:"quarantined,omitempty"`
	Earlier     []pageAttempt `json:"earlier,omitempty"`
}

type pageAttempt struct {
	Status    harness.Status `json:"status"`
	Start     float64        `json:"start"` // seconds since the run began, negative if that is not known
	Seconds   float64        `json:"seconds"`
	Worker    int            `json:"worker,omitempty"`
	Attempt   int            `json:"attempt,omitempty"`
	Died      bool           `json:"died,omitempty"`
	Problems  []pageProblem  `json:"problems,omitempty"`
	Output    string         `json:"output,omitempty"`
	Leaks     []harness.Leak `json:"leaks,omitempty"`
	Artifacts []pageArtifact `json:"artifacts,omitempty"`
}

type pageProblem struct {
	Hook    string      `json:"hook,omitempty"`
	Message string      `json:"message"`
	Diff    string      `json:"diff,omitempty"`
	Stack   []pageFrame `json:"stack,omitempty"`
}

// pageFrame is a place with the lines around it.
type pageFrame struct {
	harness.Frame
	First int      `json:"first,omitempty"` // number of the first of the lines
	Lines []string `json:"lines,omitempty"`
}

type pageArtifact struct {
	harness.Artifact
	Cast  int    `json:"cast,omitempty"`  // a recording: its number in Casts, from 1
	Image string `json:"image,omitempty"` // a picture, as a URL with its data
	Text  string `json:"text,omitempty"`
}

// Report notes the event, and writes the page when it is the last one.
func (p *page) Report(e harness.Event) {
	if r, ok := p.attempts.result(e); ok {
		p.add(r)
		return
	}
	switch e.Kind {
	case harness.RunStarted:
		p.run.Started, p.run.Unrun = e.Time, e.Files
	case harness.FileFinished:
		p.finished(e)
	case harness.RunFinished:
		p.run.Seconds, p.run.Totals, p.run.Verdict = e.Seconds, *e.Totals, e.Totals.String()
		p.write()
	}
}

// finished notes a file that has ended. One that is repeated does so several times.
func (p *page) finished(e harness.Event) {
	file := p.file(e.File)
	p.run.Unrun--
	p.run.Files[file].Seconds += e.Seconds
	p.run.Spans = append(p.run.Spans, pageSpan{file, p.start(e), e.Seconds, e.Worker})
}

// start is when what has just ended began, in seconds of the run, and negative if
// that is not known.
func (p *page) start(e harness.Event) float64 {
	if e.Time == 0 || p.run.Started == 0 {
		return -1
	}
	return max(0, e.Time-e.Seconds-p.run.Started)
}

func (p *page) file(name string) int {
	index, ok := p.files[name]
	if !ok {
		if p.files == nil {
			p.files = map[string]int{}
		}
		index = len(p.run.Files)
		p.files[name] = index
		p.run.Files = append(p.run.Files, pageFile{Name: escapeName(name)})
	}
	return index
}

func (p *page) add(r result) {
	e := printable(r.Event)
	t := pageTest{
		pageAttempt: p.attempt(r.Event),
		File:        p.file(r.File), Path: e.Path, Line: e.Line, Tags: e.Tags,
		Bad: e.Bad(), Flaky: e.Flaky(), Quarantined: e.Quarantined,
	}
	for _, earlier := range r.Earlier {
		t.Earlier = append(t.Earlier, p.attempt(earlier))
	}
	p.run.Tests = append(p.run.Tests, t)
}

// attempt is what the page needs of an event. Output keeps its escape sequences
// for the page to show colours.
func (p *page) attempt(raw harness.Event) pageAttempt {
	e := printable(raw)
	a := pageAttempt{
		Status: e.Status, Start: p.start(e), Seconds: e.Seconds, Worker: e.Worker, Attempt: e.Attempt,
		Died: e.Died, Output: outputOf(raw), Leaks: e.Leaks,
	}
	for _, problem := range e.Problems {
		shown := pageProblem{Hook: problem.Hook, Message: problem.Message, Diff: problem.Diff}
		for _, f := range problem.Stack {
			shown.Stack = append(shown.Stack, p.texts.around(f))
		}
		a.Problems = append(a.Problems, shown)
	}
	for _, artifact := range raw.Artifacts {
		a.Artifacts = append(a.Artifacts, p.artifact(artifact))
	}
	return a
}

// outputOf is what a test has written. Of very much it is both ends, so that
// the page can still be opened.
func outputOf(e harness.Event) string {
	const head, tail = 32 << 10, 96 << 10
	text := strings.ToValidUTF8(e.Output, "\uFFFD")
	if len(text) <= head+tail {
		return text
	}
	from, to := boundary(text, head), boundary(text, len(text)-tail)
	return fmt.Sprintf("%s\n... %d bytes are not in this report ...\n%s", text[:from], to-from, text[to:])
}

// artifact takes what can be shown into the page. Files are read at once:
// nobody promises that they are still there at the end.
func (p *page) artifact(a harness.Artifact) pageArtifact {
	shown := pageArtifact{Artifact: harness.Artifact{
		Kind: escapeName(a.Kind), Name: escapeName(a.Name), Path: escapeName(a.Path),
	}}
	pictures := map[string]string{".svg": "image/svg+xml", ".png": "image/png"}
	media := pictures[filepath.Ext(a.Path)]
	switch {
	case a.Kind == "recording":
		if cast, err := readCast(a.Path); err == nil {
			p.run.Casts = append(p.run.Casts, cast)
			shown.Cast = len(p.run.Casts)
		}
	case media != "":
		if data := readSmall(a.Path); data != nil {
			shown.Image = "data:" + media + ";base64," + base64.StdEncoding.EncodeToString(data)
		}
	case filepath.Ext(a.Path) == ".txt":
		shown.Text = escape(string(readSmall(a.Path)))
	}
	return shown
}

func (p *page) write() {
	var script strings.Builder
	script.WriteString("(function () {\n\"use strict\";\n")
	for _, name := range scripts {
		script.WriteString(webpage.Source(sources, name))
	}
	script.WriteString("})();\n")
	data, err := json.Marshal(p.run)
	if err != nil {
		data = []byte("{}")
		script.Reset()
	}
	_ = webpage.Write(p.w, sources, p.run.Verdict, script.String(), data)
}

package report

import (
	"embed"
	"encoding/base64"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"avescript/core/harness"
	"avescript/core/webpage"
)

// sources are the parts of the page: its frame, its styles, and its scripts in the
// order in which they are needed.
//
//go:embed html
var sources embed.FS

var scripts = []string{"text.js", "data.js", "list.js", "timeline.js", "player.js", "detail.js", "main.js"}

// page writes one HTML file when the run ends. It contains everything: the results as
// JSON, and the scripts that show them. The browser builds only the visible rows, so a
// page with ten thousand tests opens at once.
type page struct {
	w        io.Writer
	attempts attempts
	run      pageRun
	files    map[string]int // index in run.Files
	texts    sourceTexts
}

// pageRun is the data of the page.
type pageRun struct {
	Started float64        `json:"started,omitempty"` // seconds since the epoch
	Seconds float64        `json:"seconds"`
	Totals  harness.Totals `json:"totals"`
	Verdict string         `json:"verdict"`
	Unrun   int            `json:"unrun,omitempty"` // files that were not run
	Files   []pageFile     `json:"files"`
	Spans   []pageSpan     `json:"spans,omitempty"`
	Tests   []pageTest     `json:"tests"`
	Casts   []*pageCast    `json:"casts,omitempty"`
}

type pageFile struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// pageSpan is the time during which a worker ran a file.
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
	Start     float64        `json:"start"` // seconds since the run began, negative if unknown
	Seconds   float64        `json:"seconds"`
	Worker    int            `json:"worker,omitempty"`
	Host      string         `json:"host,omitempty"`
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
	First int      `json:"first,omitempty"` // number of the first line
	Lines []string `json:"lines,omitempty"`
}

type pageArtifact struct {
	harness.Artifact
	Cast  int    `json:"cast,omitempty"`  // a recording: its index in Casts, from 1
	Image string `json:"image,omitempty"` // a picture, as a data URL
	Text  string `json:"text,omitempty"`
}

// Report records the event, and writes the page after the last one.
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

// finished records that a file has ended. A repeated file ends several times.
func (p *page) finished(e harness.Event) {
	file := p.file(e.File)
	p.run.Unrun--
	p.run.Files[file].Seconds += e.Seconds
	p.run.Spans = append(p.run.Spans, pageSpan{file, p.start(e), e.Seconds, e.Worker})
}

// start is when the test that has just ended began, in seconds since the start of the
// run, and negative if that is unknown.
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
	e := harmless(r.Event)
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

// attempt converts an event for the page. The output keeps its escape sequences,
// because the page shows colours.
func (p *page) attempt(raw harness.Event) pageAttempt {
	e := harmless(raw)
	a := pageAttempt{
		Status: e.Status, Start: p.start(e), Seconds: e.Seconds, Worker: e.Worker, Host: e.Host, Attempt: e.Attempt,
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

// outputOf is the output of a test. Of a very long output only both ends are kept, so
// that the page can still be opened.
func outputOf(e harness.Event) string {
	const most = 128 << 10
	text := e.Output
	if !utf8.ValidString(text) {
		text = harness.Text(text)
	}
	return harness.Cut(text, most)
}

// artifact embeds what can be shown. Files are read at once, because they may not exist
// any more at the end of the run.
func (p *page) artifact(a harness.Artifact) pageArtifact {
	shown := pageArtifact{Artifact: harness.Artifact{
		Kind: escapeName(a.Kind), Name: escapeName(a.Name), Path: escapeName(located(a)),
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
	_ = webpage.Write(p.w, sources, webpage.Page{Title: p.run.Verdict, Script: script.String(), Data: data})
}

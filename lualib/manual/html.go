package manual

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"avescript/core/webpage"
)

// siteSources are the parts of the pages.
//
//go:embed html
var siteSources embed.FS

// indexPage lists the modules, and has the search. It begins with siteMark, which
// marks a directory that may be overwritten.
const (
	indexPage = "index.html"
	siteMark  = `<meta name="generator" content="avescript doc">`
)

// found is an entry in the search index.
type found struct {
	Name    string `json:"name"`
	Kind    Kind   `json:"kind"`
	Link    string `json:"link"`
	Summary string `json:"summary"`
	Words   string `json:"words"` // other searched words, in lower case
}

// WriteSite writes the manual to a directory, as pages that need no network: one
// for each module, and index.html. The directory must be empty, or have been
// written by WriteSite.
func WriteSite(dir string) error {
	if err := prepareSite(dir); err != nil {
		return err
	}
	for _, module := range Modules() {
		f := &htmlFormat{}
		writePage(f, module)
		if err := writeHTML(dir, module.Name+f.extension(), webpage.Page{Title: module.Name, Body: f.String(), Data: []byte("null")}); err != nil {
			return err
		}
	}
	return writeIndex(dir)
}

// prepareSite makes a directory, and removes pages that were written to it earlier.
func prepareSite(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return err
	}
	index, err := os.ReadFile(filepath.Join(dir, indexPage))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !bytes.Contains(index, []byte(siteMark)) {
		return fmt.Errorf("%s is not empty and does not contain a manual that this command wrote: choose an empty or new directory", dir)
	}
	for _, e := range entries {
		file := filepath.Join(dir, e.Name())
		if filepath.Ext(file) != ".html" || !e.Type().IsRegular() {
			continue
		}
		text, err := os.ReadFile(file)
		if err == nil && bytes.Contains(text, []byte(siteMark)) {
			err = os.Remove(file)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func writeIndex(dir string) error {
	f := &htmlFormat{}
	f.heading(1, "", "The API of avescript")
	f.WriteString(`<input id="query" type="search" placeholder="Search" aria-label="Search the manual" autocomplete="off" spellcheck="false">
<ul id="found" hidden></ul>
<div id="modules">
`)
	var lines []string
	for _, module := range Modules() {
		p := page{f, module}
		lines = append(lines, f.code(module.Name, module.Name+f.extension())+": "+p.inline(module, module.Summary()))
	}
	f.list(lines)
	f.WriteString("</div>\n")
	var all []found
	for _, e := range theBook().entries {
		all = append(all, e.found(f.extension()))
	}
	data, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return writeHTML(dir, indexPage, webpage.Page{
		Title: "The API of avescript", Body: f.String(), Script: webpage.Source(siteSources, "page.js"), Data: data,
	})
}

func (e Entry) found(extension string) found {
	words := []string{e.Name, e.Doc, e.Raises}
	for _, p := range append(append([]Param(nil), e.Params...), e.Fields...) {
		words = append(words, p.Name, p.Text)
	}
	link := e.Module + extension
	if e.Kind != Module {
		link += "#" + e.anchor()
	}
	return found{e.Signature(), e.Kind, link, strings.ReplaceAll(e.Summary(), "`", ""), strings.ToLower(strings.Join(words, " "))}
}

func writeHTML(dir, name string, p webpage.Page) error {
	var page bytes.Buffer
	if err := webpage.Write(&page, siteSources, p); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), page.Bytes(), 0o644)
}

type htmlFormat struct{ strings.Builder }

func (f *htmlFormat) text(s string) string   { return html.EscapeString(s) }
func (f *htmlFormat) strong(s string) string { return "<b>" + f.text(s) + "</b>" }
func (f *htmlFormat) extension() string      { return ".html" }

func (f *htmlFormat) code(s, link string) string {
	text := "<code>" + f.text(s) + "</code>"
	if link != "" {
		text = `<a href="` + f.text(link) + `">` + text + "</a>"
	}
	return text
}

func (f *htmlFormat) heading(level int, anchor, line string) {
	if anchor == "" {
		fmt.Fprintf(f, "<h%d>%s</h%d>\n", level, line, level)
		return
	}
	id := f.text(anchor)
	fmt.Fprintf(f, "<h%d id=\"%s\"><a href=\"#%s\">%s</a></h%d>\n", level, id, id, line, level)
}

func (f *htmlFormat) paragraph(line string) { fmt.Fprintf(f, "<p>%s</p>\n", line) }

func (f *htmlFormat) list(lines []string) {
	f.WriteString("<ul>\n")
	for _, line := range lines {
		fmt.Fprintf(f, "<li>%s</li>\n", line)
	}
	f.WriteString("</ul>\n")
}

func (f *htmlFormat) block(code string) { fmt.Fprintf(f, "<pre>%s</pre>\n", f.text(code)) }

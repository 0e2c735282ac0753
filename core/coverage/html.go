package coverage

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"path/filepath"
	"strings"
)

// pageSources are the parts of the page.
//
//go:embed html
var pageSources embed.FS

// page is what the page is told.
type page struct {
	Root    string     `json:"root"`
	Covered int        `json:"covered"`
	Lines   int        `json:"lines"`
	Files   []pageFile `json:"files"`
}

type pageFile struct {
	Name    string   `json:"name"`
	Covered int      `json:"covered"`
	Lines   int      `json:"lines"`
	Source  []string `json:"source"`
	Counts  []*int64 `json:"counts"` // of each line of the source; null for one that cannot be executed
}

// WriteHTML writes one page that needs no network: the files, and the source of
// each with its counts. A browser builds only the file that is looked at. The
// page's own policy forbids the network, and every script but its own.
//
// It does without html/template: with text/template in the program the linker
// could no longer leave out methods that nobody calls.
func (r *Result) WriteHTML(w io.Writer) error {
	share := r.Share()
	p := page{Root: filepath.Base(r.Root), Covered: share.Covered, Lines: share.Lines, Files: []pageFile{}}
	for _, f := range r.Files {
		p.Files = append(p.Files, f.page())
	}
	data, err := json.Marshal(p) // writes < as \u003c, so that no tag can end the element
	if err != nil {
		return err
	}
	style, script := pageSource("page.css"), pageSource("page.js")
	_, err = strings.NewReplacer(
		"{{title}}", html.EscapeString("Coverage of "+p.Root+": "+share.String()),
		"{{style}}", style, "{{style-hash}}", integrity(style),
		"{{script}}", script, "{{script-hash}}", integrity(script),
		"{{data}}", string(data),
	).WriteString(w, pageSource("page.html"))
	return err
}

func (f File) page() pageFile {
	share := f.Share()
	source := strings.Split(strings.TrimSuffix(string(f.Source), "\n"), "\n")
	p := pageFile{Name: f.Name, Covered: share.Covered, Lines: share.Lines, Source: source, Counts: make([]*int64, len(source))}
	for _, line := range f.Lines {
		if line.Number <= len(source) {
			p.Counts[line.Number-1] = new(int64(line.Count))
		}
	}
	return p
}

func pageSource(name string) string {
	text, err := pageSources.ReadFile("html/" + name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(text)
}

// integrity is how the page's policy names a script or a style.
func integrity(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

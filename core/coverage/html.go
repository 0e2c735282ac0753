package coverage

import (
	"embed"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"

	"avescript/core/webpage"
)

// pageSources are the parts of the page.
//
//go:embed html
var pageSources embed.FS

// page is the data of the page.
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
	Counts  []*int64 `json:"counts"` // of each source line; null if it cannot be executed
}

// WriteHTML writes one page that works without a network: the files, and the source of
// each with its counts. A browser builds only the file that is shown.
func (r *Result) WriteHTML(w io.Writer) error {
	share := r.Share()
	p := page{Root: filepath.Base(r.Root), Covered: share.Covered, Lines: share.Lines, Files: []pageFile{}}
	for _, f := range r.Files {
		p.Files = append(p.Files, f.page())
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	title := "Coverage of " + p.Root + ": " + share.String()
	return webpage.Write(w, pageSources, webpage.Page{Title: title, Script: webpage.Source(pageSources, "page.js"), Data: data})
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

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
// each with its counts. A browser builds only the file that is looked at.
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
	return webpage.Write(w, pageSources, title, webpage.Source(pageSources, "page.js"), data)
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

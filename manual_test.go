package avescript_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"avescript/internal/golden"
	"avescript/lualib/manual"
)

// manualDir has the manual as it is read without the program.
const manualDir = "docs/api"

// TestManual compares the pages with the stubs that they are made from. With the flag
// -update it writes them.
func TestManual(t *testing.T) {
	pages := manual.Markdown()
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		golden.Compare(t, filepath.Join(manualDir, name), pages[name])
	}
	there, err := filepath.Glob(manualDir + "/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range there {
		if _, ok := pages[filepath.Base(file)]; ok {
			continue
		}
		if golden.Updating() {
			err = os.Remove(file)
		}
		if err != nil || !golden.Updating() {
			t.Errorf("%s is about no module: remove it (%v)", file, err)
		}
	}
}

var (
	pageLink = regexp.MustCompile(`\]\(([\w.]*)#([^)]+)\)`)
	anchor   = regexp.MustCompile(`<a id="([^"]+)"></a>`)
)

// TestManualLinksToPlaces looks at what TestLinksWork does not: the places on pages.
func TestManualLinksToPlaces(t *testing.T) {
	pages, places := manual.Markdown(), map[string]bool{}
	for name, text := range pages {
		for _, found := range anchor.FindAllStringSubmatch(text, -1) {
			if places[name+"#"+found[1]] {
				t.Errorf("%s has the place %s twice", name, found[1])
			}
			places[name+"#"+found[1]] = true
		}
	}
	links := 0
	for name, text := range pages {
		for _, found := range pageLink.FindAllStringSubmatch(text, -1) {
			page := found[1]
			if page == "" {
				page = name
			}
			links++
			if !places[page+"#"+found[2]] {
				t.Errorf("%s links to %s#%s, which does not exist", name, page, found[2])
			}
		}
	}
	if links < 100 {
		t.Errorf("the pages have %d links to places, wanted more", links)
	}
}

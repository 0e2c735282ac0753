package page_test

import (
	"testing"

	"avescript/core/fleet/page"
)

// TestShots makes pictures of the page.
func TestShots(t *testing.T) {
	b := newBrowser(t)
	p := open(t, page.Options{Lab: labOf(t, 30).view})
	w := b.tab(1280, 800, p.URL())
	w.until(`document.querySelector(".overview")`)
	w.shot("overview-30")
	for _, view := range []string{"hosts", "equipment", "queue", "runs", "tests", "trends"} {
		w.call(w.session, "Page.navigate", params{"url": p.URL() + "/" + view}, nil)
		w.until(`document.querySelector(".view") && document.querySelector("[aria-current=page]").textContent.toLowerCase().startsWith("` + view + `")`)
		w.shot(view + "-30")
	}
}

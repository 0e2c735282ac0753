package page_test

import (
	"strconv"
	"strings"
	"testing"

	"avescript/core/fleet/page"
)

// TestShots makes pictures of the page.
func TestShots(t *testing.T) {
	b := newBrowser(t)
	o := newOutputs(t)
	run := "261130-100000-ABCDEF"
	o.play(run, 24)
	for _, hosts := range []int{0, 30, 1000} {
		p := open(t, page.Options{Lab: labOf(t, hosts).view, JetStream: o.js})
		w := b.tab(1280, 800, p.URL())
		size := strconv.Itoa(hosts)
		for _, view := range []string{"overview", "hosts", "equipment", "queue", "runs", "tests", "trends", "host/lab-3", "run/" + run, "test"} {
			address := p.URL() + "/" + view
			if view == "test" {
				address += "?file=tests/test_power3.lua&name=A+call+works+in+case+3"
			} else if strings.HasPrefix(view, "run") && hosts == 30 {
				address += "?job=3"
			}
			w.call(w.session, "Page.navigate", params{"url": address}, nil)
			w.until(`document.querySelector(".view") && location.pathname == "/` + view + `" && !document.body.innerText.includes("Loading")`)
			if strings.Contains("overview host/lab-3 run/"+run, view) || hosts == 30 || hosts == 1000 && view == "hosts" {
				w.shot(strings.ReplaceAll(view, "/", "-") + "-" + size)
			}
			if hosts == 30 {
				w.size(360, 740)
				w.shot(strings.ReplaceAll(view, "/", "-") + "-phone")
				w.dark()
				w.size(1280, 800)
				w.shot(strings.ReplaceAll(view, "/", "-") + "-dark")
				w.light()
			}
		}
	}
}

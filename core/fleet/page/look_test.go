package page_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
)

// run is what outputs.play has in these tests.
const played = "261130-100000-ABCDEF"

// TestPageOfAllSizes opens all views at all sizes of labs, wide and narrow, light and dark.
// Nothing is wider than the window, and no script fails.
func TestPageOfAllSizes(t *testing.T) {
	t.Parallel()
	o := newOutputs(t)
	o.play(played, 24)
	for _, hosts := range []int{0, 30, 1000} {
		t.Run(strconv.Itoa(hosts), func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			p := open(t, page.Options{Lab: labOf(t, hosts).view, JetStream: o.js, Interval: time.Second})
			w := b.tab(1280, 800, p.URL()+"/hosts")
			w.eval(`window.failed = []; addEventListener("error", (event) => failed.push(event.message)); addEventListener("unhandledrejection", (event) => failed.push(String(event.reason)))`)
			w.until(`document.querySelector(".view")`)
			for _, width := range []int{1280, 360} {
				w.size(width, 740)
				w.until(fmt.Sprintf(`innerWidth === %d`, width))
				for _, view := range []string{
					"overview", "hosts", "equipment", "queue", "runs", "tests", "trends", "host/lab-3", "host/none", "piece/none", "run/" + played, "run/" + played + "?job=3", "run/none",
					"test?file=tests/test_power3.lua&name=A+call+works+in+case+3",
				} {
					w.view(view)
					if got, err := strconv.Atoi(w.eval(`document.documentElement.scrollWidth`)); err != nil || got > width {
						t.Errorf("%s is %d wide in a window of %d: %v", view, got, width, err)
					}
					name := fmt.Sprintf("%s-%d-%d", strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(strings.Split(view, "&")[0]), hosts, width)
					w.shot(name)
					w.darkShot(name + "-dark")
				}
			}
			if got := w.eval(`failed.join("|")`); got != "" {
				t.Errorf("scripts failed: %s", got)
			}
		})
	}
}

// TestHostDies: a host dies while somebody looks, and comes back. Its row stays the same
// element, and is the only one that changes.
func TestHostDies(t *testing.T) {
	t.Parallel()
	lab := labOf(t, 30)
	p := open(t, page.Options{Lab: lab.view})
	w := newBrowser(t).tab(1280, 800, p.URL()+"/hosts")
	w.until(`document.querySelectorAll("#rows.glide .row").length > 10`) // drawn twice, so the table stands
	w.eval(`
		window.row = [...document.querySelectorAll("#rows .row")].find((row) => row.querySelector(".main").textContent === "lab-3");
		window.touched = new Set();
		new MutationObserver((list) => { for (const change of list) if (!change.target.parentElement?.closest("time")) touched.add((change.target.closest ? change.target : change.target.parentElement).closest(".row")?.querySelector(".main").textContent); })
			.observe(document.querySelector("#rows"), { subtree: true, childList: true, attributes: true });`)
	lab.change(func(l *wire.Lab) {
		l.Hosts[2].State, l.Hosts[2].Jobs, l.Hosts[2].Since = "lost", nil, float64(time.Now().Unix())
	})
	w.until(`row.isConnected && row.textContent.includes("lost")`)
	w.until(`document.querySelector(".verdict").textContent === "lab-3 and lab-7 are lost"`)
	if got := w.eval(`[...touched].join(" ")`); got != "lab-3" {
		t.Errorf("rows that were touched: %s", got)
	}
	lab.change(func(l *wire.Lab) { l.Hosts[2].State = "up" })
	w.until(`row.isConnected && row.textContent.includes("up")`)
}

// TestLostContact: the page says that it has lost the hub and since when, and goes on by
// itself when it is back. A hub that answers but knows nothing new is no hub that is well.
func TestLostContact(t *testing.T) {
	t.Parallel()
	lab := labOf(t, 3)
	old := lab.view()
	browser := newBrowser(t)
	stale := browser.tab(1280, 800, open(t, page.Options{Lab: func() wire.Lab { return old }}).URL())
	options := page.Options{Address: "127.0.0.1:0", Lab: lab.view, Interval: 50 * time.Millisecond}
	p, err := page.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	w := browser.tab(1280, 800, p.URL()+"/hosts")
	w.until(`document.querySelectorAll("#rows .row").length === 3`)
	if got := w.eval(`document.querySelector("#contact").textContent`); got != "" {
		t.Errorf("it says %q", got)
	}
	w.eval(`
		window.said = []; // what is said for a short time only
		const contact = document.querySelector("#contact");
		new MutationObserver(() => said.push(contact.textContent)).observe(contact, { subtree: true, childList: true, characterData: true });`)
	options.Address = strings.TrimPrefix(p.URL(), "http://")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	w.until(`document.querySelector("#contact").textContent.startsWith("No contact with the hub for")`)
	w.shot("lost-contact")
	if got := w.eval(`document.querySelectorAll("#rows .row").length`); got != "3" {
		t.Errorf("what was known is gone: %s rows", got)
	}
	lab.change(func(l *wire.Lab) { l.Hosts[1].Name = "lab-new" })
	open(t, options)
	w.until(`document.querySelector("#rows").textContent.includes("lab-new")`)
	w.until(`said.includes("In contact again.")`)
	w.until(`document.querySelector("#contact").textContent === ""`)
	stale.until(`document.querySelector("#contact").textContent.startsWith("The hub answers, but has had no news")`)
	late := browser.tab(1280, 800, stale.eval(`location.href`))
	late.until(`document.querySelector(".view")`)
	if got := late.eval(`document.querySelector("#contact").textContent`); !strings.HasPrefix(got, "The hub answers, but has had no news") {
		t.Errorf("who comes later is told %q", got)
	}
}

// TestHubs: the page says which hub of a cluster leads, and which is away; nothing but that
// moves when it changes. A hub that is alone is in no list.
func TestHubs(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	lab := labOf(t, 30)
	w := b.tab(1280, 800, open(t, page.Options{Lab: lab.view}).URL())
	w.until(`document.querySelector(".panel.grid")`)
	if got := w.eval(`document.querySelector(".panel.hubs")`); got != "<nil>" {
		t.Errorf("a hub that is alone is shown: %s", got)
	}
	lab.change(func(l *wire.Lab) {
		l.Hubs = []wire.LabHub{{Name: "hub-1.lab.example.com:4222", Leads: true}, {Name: "hub-2.lab.example.com:4222"}, {Name: "hub-10.lab.example.com:4300"}}
	})
	const texts = `[...document.querySelectorAll(".panel.hubs li")].map((line) => [...line.children].map((part) => part.textContent).filter(Boolean).join(" ")).join(", ")`
	w.until(texts + ` === "hub-1.lab.example.com leads, hub-2.lab.example.com is connected, hub-10.lab.example.com:4300 is connected"`)
	w.shot("hubs")
	w.eval(`
		window.line = document.querySelectorAll(".panel.hubs li")[1];
		window.moved = 0;
		new MutationObserver((list) => { for (const change of list) moved += change.addedNodes.length + change.removedNodes.length; }).observe(document.querySelector(".panel.hubs"), { subtree: true, childList: true });`)
	lab.change(func(l *wire.Lab) {
		l.Hubs = []wire.LabHub{{Name: "hub-1.lab.example.com:4222", Away: true}, {Name: "hub-2.lab.example.com:4222", Leads: true}, l.Hubs[2]}
	})
	w.until(`line.isConnected && line.textContent.endsWith("leads") && document.querySelector(".panel.attention").textContent.includes("hub-1.lab.example.com cannot be reached")`)
	w.until(`document.querySelector(".headline .sums").textContent.startsWith("2 of 3 hubs connected")`)
	if got := w.eval(`moved`); got != "0" {
		t.Errorf("%s elements have come or gone", got)
	}
	for _, width := range []int{1280, 360} {
		w.size(width, 740)
		w.until(fmt.Sprintf(`innerWidth === %d`, width))
		for _, part := range []string{"attention", "hubs"} {
			w.eval(fmt.Sprintf(`document.querySelector(".panel.%s").scrollIntoView({ block: "center" })`, part))
			w.shot(fmt.Sprintf("hubs-%s-%d", part, width))
			w.darkShot(fmt.Sprintf("hubs-%s-%d-dark", part, width))
		}
		if got, err := strconv.Atoi(w.eval(`document.documentElement.scrollWidth`)); err != nil || got > width {
			t.Errorf("it is %d wide in a window of %d: %v", got, width, err)
		}
	}
	lab.change(func(l *wire.Lab) { l.Hosts, l.Runs = nil, nil })
	w.until(`document.querySelector("ol.start + .panel.hubs li")`)
	w.shot("hubs-start")
	old := lab.view()
	lost := b.tab(360, 740, open(t, page.Options{Lab: func() wire.Lab { return old }}).URL())
	lost.until(`document.querySelector("#contact").textContent.startsWith("No news from the hub that leads for ")`)
	lost.shot("hubs-stale")
}

// TestKeyboard uses keys alone: views, filter, rows, sorting, and back.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	p := open(t, page.Options{Lab: labOf(t, 1000).view, Interval: time.Second})
	w := newBrowser(t).tab(1280, 800, p.URL())
	w.until(`document.querySelector(".overview")`)
	w.key("2")
	w.until(`document.querySelector("[aria-current=page]").textContent.startsWith("Hosts") && document.querySelector("#rows")`)
	w.until(`document.querySelectorAll("#rows .row").length < 60`)
	w.key("/")
	for _, key := range "lab-77" {
		w.key(string(key))
	}
	w.until(`document.querySelector(".count").textContent === "11 of 1,000"`)
	w.key("Enter")
	w.until(`document.activeElement.textContent === "lab-77"`)
	w.key("j")
	w.until(`document.activeElement.textContent === "lab-770"`)
	w.key("k")
	w.until(`document.activeElement.textContent === "lab-77"`)
	w.key("j")
	w.key("Enter")
	w.until(`document.querySelector(".title h1")?.textContent === "lab-770"`)
	w.key("Escape")
	w.until(`document.querySelectorAll("#rows .row").length > 10`)
	first := `document.querySelector("#rows .row .main").textContent`
	for range 3 {
		w.key("s")
	}
	w.until(`document.querySelector("[aria-sort=descending]")?.textContent === "Cores" && location.search === "?sort=used&desc=1"`)
	if got := w.eval(first); got != "lab-3" {
		t.Errorf("the busiest host is %s", got)
	}
	w.key("S")
	w.until(`document.querySelector("[aria-sort=ascending]")`)
	w.key("?")
	w.until(`document.querySelector("dialog").open`)
	w.key("Escape")
	w.until(`!document.querySelector("dialog").open`)
	w.eval(`scrollTo(0, document.documentElement.scrollHeight)`)
	w.until(`document.querySelector("#rows").lastElementChild.getAttribute("aria-rowindex") === "1001"`)
	w.eval(`document.querySelector(".skip").focus()`)
	w.key("Enter")
	w.until(`document.activeElement.id === "main"`)
}

// TestPageIsSafe gives the page names, reasons and output that would like to be scripts.
func TestPageIsSafe(t *testing.T) {
	t.Parallel()
	const evil = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`
	lab := labOf(t, 30)
	lab.change(func(l *wire.Lab) {
		l.Hub = evil
		l.Hubs = []wire.LabHub{{Name: evil, Away: true}}
		l.Hosts[0].Reason, l.Hosts[0].State, l.Hosts[0].Tags, l.Hosts[0].Broker = evil, "draining", []string{evil}, evil
		l.Pieces[0].Profile, l.Pieces[0].User, l.Pieces[0].Reason = pieceOf(t, map[string]any{"type": evil, evil: evil}), evil, evil
		l.Queue[0].Why, l.Queue[0].First, l.Queue[0].User = evil, evil, evil
		l.Runs[0].Title, l.Runs[0].User = evil, evil
	})
	o := newOutputs(t)
	token := wire.Token{Seq: 1}
	o.note(wire.Note{Kind: wire.NoteStarted, Run: played, Token: token, Host: "lab-1", Name: evil, Pieces: []string{evil}})
	e := harness.Event{Kind: harness.TestFinished, File: evil, Path: []string{evil}, Status: harness.Failed, Output: evil, Problems: []harness.Problem{{Message: evil, Stack: []harness.Frame{{File: evil}}}}}
	o.output("lab-1", played, 0, token, wire.Output{Log: evil, Events: []harness.Event{e}, Artifacts: []wire.Artifact{{Path: evil, Object: evil}}})
	p := open(t, page.Options{Lab: lab.view, JetStream: o.js})
	w := newBrowser(t).tab(1280, 800, p.URL())
	w.until(`document.querySelector(".view")`)
	for _, view := range []string{"overview", "hosts", "equipment", "queue", "runs", "run/" + played + "?job=0", "host/lab-1"} {
		w.view(view)
		w.until(`document.querySelector(".view")?.innerText.includes("<img src=x")`)
		if got := w.eval(`document.querySelectorAll("img, body script").length + document.title`); strings.Contains(got, "taken") || got[0] != '0' {
			t.Errorf("/%s: text has become markup: %s", view, got)
		}
	}
}

// TestLoginByLink: a link logs a browser in, and its secret does not stay in the address.
func TestLoginByLink(t *testing.T) {
	t.Parallel()
	var acts atomic.Int32
	var revoked atomic.Bool
	p := open(t, page.Options{
		Lab: labOf(t, 3).view, Certificate: certificate(t),
		Login: func(key string) (page.Identity, bool) {
			return page.Identity{Role: wire.Admin, Name: "root"}, key == "secret"
		},
		Allowed: func(page.Identity) bool { return !revoked.Load() },
		Act:     func(_ context.Context, _ page.Identity, _ string, _ any) error { acts.Add(1); return nil },
	})
	b := newBrowser(t)
	w := b.tab(1280, 800, p.URL()+"/hosts")
	w.until(`document.querySelector("form.login")`)
	w.shot("login")
	w = b.tab(1280, 800, page.LoginURL(p.URL(), "secret"))
	w.until(`document.querySelector(".overview") && location.hash === "" && !document.cookie`)
	w = b.tab(1280, 800, page.LoginURL(p.URL(), "expired"))
	w.until(`document.querySelector(".overview") && location.hash === "" && !document.cookie`)
	w = b.tab(1280, 800, p.URL()+"/host/lab-3")
	w.until(`document.querySelector(".actions button")?.textContent === "Drain…"`)
	w.eval(`document.querySelector(".actions button").click()`)
	w.until(`document.querySelector("dialog").open`)
	w.shot("drain")
	w.eval(`document.querySelector("dialog [type=submit]").click()`)
	w.until(`!document.querySelector("dialog").open`)
	if acts.Load() != 1 {
		t.Errorf("it was done %d times", acts.Load())
	}
	revoked.Store(true)
	w.until(`document.querySelector("form.login [role=alert]").textContent.startsWith("You are no longer logged in")`)
	revoked.Store(false)
	w.eval(`document.querySelector("#key").value = "secret"; document.querySelector("form.login [type=submit]").click()`)
	w.until(`document.querySelector(".title h1")?.textContent === "lab-3" && !document.querySelector("#contact").textContent.startsWith("No contact")`)
}

// TestRunLive: the page of a run shows what its jobs say when they say it, and comes back
// after it has lost contact.
func TestRunLive(t *testing.T) {
	t.Parallel()
	o := newOutputs(t)
	o.play(played, 24)
	lab := labOf(t, 3)
	options := page.Options{Address: "127.0.0.1:0", Lab: lab.view, JetStream: o.js, Interval: 50 * time.Millisecond}
	p, err := page.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	w := newBrowser(t).tab(1280, 800, p.URL()+"/run/"+played+"?job=23")
	w.until(`document.querySelector("[role=table]").getAttribute("aria-rowcount") === "25" && document.querySelector(".output").textContent.includes("case 4 of <b>")`)
	token := wire.Token{Seq: 1000}
	say := func(text string) { o.output("lab-2", played, 24, token, wire.Output{Log: text}) }
	o.note(wire.Note{Kind: wire.NoteStarted, Run: played, Job: 24, Token: token, Host: "lab-2", Time: float64(time.Now().Unix()), Name: "tests/test_late.lua"})
	say("one\n")
	w.until(`document.querySelector("#rows").textContent.includes("tests/test_late.lua")`)
	w.eval(`[...document.querySelectorAll("#rows .main")].find((link) => link.textContent.includes("late")).click()`)
	w.until(`document.querySelector(".output").textContent === "one\n"`)
	options.Address = strings.TrimPrefix(p.URL(), "http://")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	say("two\n")
	w.until(`document.querySelector("#contact").textContent.startsWith("No contact")`)
	open(t, options)
	say("three\n")
	w.until(`document.querySelector(".output").textContent === "one\ntwo\nthree\n"`)
	o.note(wire.Note{Kind: wire.NoteFinished, Run: played, Job: 24, Token: token, Host: "lab-2", Outcome: &wire.Outcome{Status: wire.Done, Passed: true}})
	w.until(`document.querySelector(".job-head").textContent.includes("passed")`)
}

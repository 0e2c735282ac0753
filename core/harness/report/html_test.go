package report_test

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"avescript/core/harness"
	"avescript/core/harness/report"
)

// browser is a headless Chromium with a profile of its own.
type browser struct{ program, profile string }

func newBrowser(t *testing.T) browser {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return browser{program, t.TempDir()}
		}
	}
	t.Skip("chromium is not installed")
	return browser{}
}

// open opens a page and returns its elements, after its scripts have run for
// a minute of their own time, which goes by at once where they wait.
func (b browser) open(t *testing.T, page, hash string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	address := url.URL{Scheme: "file", Path: file} // the name of a test may be in it
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, b.program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+b.profile, "--window-size=1280,800", "--virtual-time-budget=60000", "--dump-dom", address.String()+"#"+hash)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	dom, _, _ := strings.Cut(string(out), `<script type="application/json"`)
	return dom
}

var (
	testRows = regexp.MustCompile(`<div class="row test"`)
	count    = regexp.MustCompile(`<output id="count">([^<]*)</output>`)
	verdict  = regexp.MustCompile(`<h1 id="verdict"[^>]*>([^<]*)</h1>`)
)

func found(t *testing.T, pattern *regexp.Regexp, dom string) string {
	t.Helper()
	m := pattern.FindStringSubmatch(dom)
	if m == nil {
		t.Fatalf("nothing of %s in\n%s", pattern, dom)
	}
	return m[1]
}

// TestPageFilters lets the address choose what is to be seen, when the page is
// opened and when the address changes.
func TestPageFilters(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	page := write(t, "html", report.View{}, everything())
	dom := b.open(t, page, "status=failed")
	if got, rows := found(t, count, dom), len(testRows.FindAllString(dom, -1)); got != "10 of 15" || rows != 10 {
		t.Errorf("it says %q and has %d rows, wanted 10 of 15", got, rows)
	}
	var script, want strings.Builder
	for _, c := range []struct {
		hash, count string
		rows        int
	}{
		{"status=failed", "10 of 15", 10},
		{"status=skipped,xfailed", "2 of 15", 2},
		{"status=quarantined", "1 of 15", 1},
		{"status=flaky", "1 of 15", 1},
		{"status=leaks", "2 of 15", 2},
		{"tag=lab", "1 of 15", 1},
		{"q=NEEDS%20router", "1 of 15", 1}, // looks into messages, too
		{"q=too%20early", "1 of 15", 1},    // and those of earlier attempts
		{"q=%23slow", "1 of 15", 1},
		{"q=nothing-like-it", "0 of 15", 0},
		{"status=failed&q=slow.lua", "2 of 15", 2},
		{"status=bogus&test=99", "15 tests", 15},
	} {
		fmt.Fprintf(&script, "await go(%q);\n", c.hash)
		fmt.Fprintf(&want, "%s: %s, %d|", c.hash, c.count, c.rows)
	}
	dom = b.open(t, act(page, `(async () => {
		const go = (hash) => new Promise((done) => {
			addEventListener("hashchange", () => {
				seen.push(hash + ": " + $("#count").textContent + ", " + document.querySelectorAll(".row.test").length);
				done();
			}, { once: true });
			location.hash = hash;
		});
		`+script.String()+`})();`), "")
	if diff := cmp.Diff(strings.Split(want.String(), "|"), strings.Split(title(t, dom)+"|", "|")); diff != "" {
		t.Errorf("-wanted +seen:\n%s", diff)
	}
}

// TestPageShowsTest looks for all that is known of a test.
func TestPageShowsTest(t *testing.T) {
	t.Parallel()
	dom := newBrowser(t).open(t, write(t, "html", report.View{}, everything()), "test=1")
	if got := found(t, verdict, dom); got != "10 of 15 tests failed" {
		t.Errorf("it says %q", got)
	}
	_, detail, _ := strings.Cut(dom, `<article id="detail"`)
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(detail, "\n")
	for _, want := range []string{
		"leases a handset", "worker 2", "testdata/run/broker_spec.lua:8", " in check",
		`        local lease = server:lease{ type = "handset" }`, // a line around the one that failed
		`  state = "leased",`, "12 more calls", " in after_each",
		"process 4711 (sleep 60)", "made at testdata/run/broker_spec.lua:4",
		" cleared ", // how the recording ends
		"server listens", "/tmp/ave-1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing of %q in\n%s", want, text)
		}
	}
	if !strings.Contains(detail, `font-weight: 700`) || strings.Contains(text, "[32m") {
		t.Errorf("the output has no colours:\n%s", detail)
	}
}

// TestPageIsSafe gives the page names and output that would like to be scripts.
func TestPageIsSafe(t *testing.T) {
	t.Parallel()
	page := write(t, "html", report.View{}, everything())
	if n := strings.Count(page, "</script"); n != 2 {
		t.Errorf("%d elements end with </script, wanted the data and the script", n)
	}
	if strings.Contains(page, "\u2028") || regexp.MustCompile("[\x00-\x08\x0e-\x1f]").MatchString(page) {
		t.Error("the page has control characters in it")
	}
	if m := regexp.MustCompile(`(?i)(src|href)="?(https?:|//)`).FindString(page); m != "" {
		t.Errorf("the page asks the network: %s", m)
	}
	dom := newBrowser(t).open(t, page, "test=7")
	if strings.Contains(dom, "<img") {
		t.Error("a name has become an element")
	}
	if !strings.Contains(dom, "&lt;/script&gt;&lt;img src=x") {
		t.Errorf("the hostile test is not shown:\n%s", dom)
	}
}

// title is what a script has put there.
func title(t *testing.T, dom string) string {
	return html.UnescapeString(found(t, regexp.MustCompile(`(?s)<title>(.*?)</title>`), dom))
}

// act adds a script to a page that does what a reader would do, and leaves what
// it has seen in the title.
func act(page, script string) string {
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)
	page = policy.ReplaceAllLiteralString(page, "")
	return strings.Replace(page, "</body>", `<script>
const $ = (selector) => document.querySelector(selector);
const press = (key, where = document.body) => where.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const shown = () => $("#detail h2").textContent.slice(0, 18);
const seen = [];
`+script+`
setTimeout(() => { document.title = seen.join("|"); }, 1900);
</script></body>`, 1)
}

// TestPageActs uses keys, clicks and the player.
func TestPageActs(t *testing.T) {
	t.Parallel()
	page := write(t, "html", report.View{}, everything())
	for name, c := range map[string]struct{ script, want string }{
		"keys": {`press("ArrowDown"); seen.push(shown()); press("n"); seen.push(shown()); press("p"); press("k"); seen.push(shown());
			press("Escape"); seen.push(shown()); press("/"); seen.push(document.activeElement.id);`,
			"broker › never wor|broker › </script>|broker › leases a |Overview|query"},
		"typing": {`const q = $("#query"); q.value = "hangs"; q.dispatchEvent(new Event("input")); seen.push($("#count").textContent, location.hash.split("&")[0]);
			press("Enter", q); seen.push(shown());`,
			"1 of 15|#q=hangs|slow › hangs"},
		"chips": {`[...document.querySelectorAll("#chips button")].find((b) => b.textContent.startsWith("Skipped")).click();
			seen.push($("#count").textContent, $("#chips [aria-pressed=true]").textContent);`,
			"1 of 15|Skipped1"},
		"folding": {`const rows = () => document.querySelectorAll(".row.test").length;
			press("ArrowLeft"); seen.push(rows()); press("ArrowRight"); seen.push(rows());`,
			"7|15"},
		"theme": {`const t = $("#theme"); t.click(); t.click(); seen.push(document.documentElement.dataset.theme, t.textContent,
			getComputedStyle(document.body).backgroundColor);`,
			"dark|Theme: dark|rgb(16, 19, 23)"},
		"attempts": {`location.hash = "#test=4"; setTimeout(() => { $(".tabs button").click(); seen.push($(".message").textContent); }, 100);`,
			"first"},
		"player": {`const s = $(".player input"); s.value = 0; s.dispatchEvent(new Event("input"));
			seen.push($(".screen").textContent.trim()); $(".player button").click();
			setTimeout(() => { seen.push($(".player button").textContent, $(".screen").textContent.trim().slice(0, 12)); }, 1100);`,
			"$|Pause|$ ls -l --co"},
		"reasons": {`press("Escape"); const why = [...document.querySelectorAll("#detail tr")].map((row) => row.textContent);
			seen.push(why[0]); $("#detail tr button").click(); seen.push($("#count").textContent);`,
			script + ":4, in before_eachno server2 tests|2 of 15"},
		"timeline": {`const box = $("canvas").getBoundingClientRect();
			const point = (lane, share) => {
				$("canvas").dispatchEvent(new MouseEvent("mousemove", { clientX: box.left + 28 + share * (box.width - 28), clientY: box.top + 16 * lane - 8 }));
				seen.push($("#tip").hidden ? "idle" : [...$("#tip").children].map((line) => line.textContent).join(", "));
			};
			point(1, 0.05); point(3, 0.5); point(2, 0.67 / 5.5); point(2, 0.9); point(3, 5.3 / 5.5);`,
			"a works, Passed, 500 ms, t/a.lua|slow hangs, Error, 5.00 s, t/slow.lua|" +
				"testdata/run/broker_spec.lua, 1.50 s|idle|slow crashes, Error, 200 ms, the worker died, t/slow.lua"},
		"spoken": {`const rows = [...document.querySelectorAll("#rows [role=treeitem]")];
			seen.push(...rows.slice(0, 2).map((row) => row.getAttribute("aria-label") + " " + row.getAttribute("aria-level")),
				$("#" + $("#list").getAttribute("aria-activedescendant")).textContent.slice(0, 15));`,
			"testdata/run/broker_spec.lua, 8 failed of 8 1|Failed: broker leases a handset, 250 ms 2|broker leases a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dom := newBrowser(t).open(t, act(page, c.script), "test=1")
			if got := title(t, dom); got != c.want {
				t.Errorf("saw %q, wanted %q", got, c.want)
			}
		})
	}
}

// TestPageGroups: failures are grouped by place and kind, and a click on a group shows
// its tests and no others, whatever words they have in common.
func TestPageGroups(t *testing.T) {
	t.Parallel()
	events := []harness.Event{{Kind: harness.RunStarted, Files: 1, Time: start}, started(1, "a.lua")}
	add := func(name string, line int, status harness.Status, message string) {
		e := test(1, "a.lua", 1, status, 0, 1, name)
		e.Problems = []harness.Problem{{Message: message, Stack: []harness.Frame{{File: "lib.lua", Line: line}, {File: "a.lua", Line: 1}}}}
		events = append(events, e)
	}
	add("a1", 7, harness.Failed, `expected: "red" actual: "blue"`)
	add("a2", 7, harness.Failed, `expected: "green" actual: "grey \"12\""`)
	add("a3", 7, harness.Failed, `expected: 1 actual: 2`)
	add("b1", 9, harness.Failed, `expected: "red" actual: "blue"`)
	add("c1", 7, harness.Error, `expected: "red" actual: "blue"`)
	add("d1", 12, harness.Error, "port 4711 is closed")
	add("d2", 12, harness.Error, "port 12 is closed")
	add("d3", 12, harness.Error, "port 12 is closed")
	page := write(t, "html", report.View{}, append(events, harness.Event{Kind: harness.RunFinished, Totals: &harness.Totals{Failed: 4, Errors: 4}}))
	dom := newBrowser(t).open(t, act(page, `
		const names = () => [...document.querySelectorAll(".row.test .name")].map((name) => name.title).join(" ");
		const count = [...document.querySelectorAll("#detail h3 + table")][0].querySelectorAll("button").length;
		for (let i = 0; i < count; i++) {
			press("Escape");
			const row = document.querySelectorAll("#detail h3 + table")[0].querySelectorAll("tr")[i];
			const label = row.querySelector("small").textContent;
			row.querySelector("button").click();
			seen.push(label + ": " + names() + ", " + $("#count").textContent + ", " + location.hash.split("&")[0]);
		}
		[...document.querySelectorAll("#chips button")].find((b) => b.textContent.startsWith("Failed at")).click();
		seen.push($("#count").textContent);
		location.hash = "#group=2";
		setTimeout(() => seen.push(names()), 100);`), "")
	want := "lib.lua:12: d1 d2 d3, 3 of 8, #group=1|lib.lua:7: a1 a2, 2 of 8, #group=2|lib.lua:7: a3, 1 of 8, #group=3|" +
		"lib.lua:9: b1, 1 of 8, #group=4|lib.lua:7: c1, 1 of 8, #group=5|8 tests|a1 a2"
	if got := title(t, dom); got != want {
		t.Errorf("saw %q, wanted %q", got, want)
	}
}

// TestPageOfRunThatEndedEarly: that nothing has failed does not mean that all went
// well.
func TestPageOfRunThatEndedEarly(t *testing.T) {
	t.Parallel()
	dom := newBrowser(t).open(t, write(t, "html", report.View{}, []harness.Event{
		{Kind: harness.RunStarted, Files: 3, Time: start},
		started(1, "a.lua"),
		test(1, "a.lua", 1, harness.Passed, 0, 1, "works"),
		{Kind: harness.FileFinished, File: "a.lua", Worker: 1, Time: start + 1, Seconds: 1, Totals: &harness.Totals{Passed: 1}},
		{Kind: harness.RunFinished, Seconds: 1, Totals: &harness.Totals{Passed: 1}},
	}), "")
	if got, want := found(t, verdict, dom), "1 test went well before the run ended early"; got != want {
		t.Errorf("it says %q, wanted %q", got, want)
	}
	if !strings.Contains(dom, "<b>2 not run</b>") {
		t.Error("it does not say how many files were not run")
	}
}

// TestPageFitsPhones opens the page in a frame as wide as a phone, with names that
// have no place to be broken at. Nothing is wider than the frame, and a test has
// the page for itself.
func TestPageFitsPhones(t *testing.T) {
	t.Parallel()
	events := everything()
	long := test(1, strings.Repeat("long/", 40)+"a.lua", 1, harness.Failed, 0, 0, strings.Repeat("w", 500))
	long.Problems = []harness.Problem{{Message: strings.Repeat("m", 500), Diff: "-" + strings.Repeat("d", 500)}}
	long.Output = strings.Repeat("o", 500)
	page := act(write(t, "html", report.View{}, append([]harness.Event{events[0], long}, events[1:]...)), `
		const see = () => seen.push(document.documentElement.scrollWidth, ["nav", "#list", "#detail"].filter((part) => $(part).offsetWidth > 0).join(" "));
		see(); location.hash = "test=0";
		setTimeout(() => { see(); parent.postMessage(seen.join("|"), "*"); }, 500);`)
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	frame := fmt.Sprintf(`<title></title><iframe width="400" height="800" src="file://%s"></iframe>
		<script>addEventListener("message", (event) => { document.title = event.data; })</script>`, file)
	if got, want := title(t, newBrowser(t).open(t, frame, "")), "400|nav #list|400|#detail"; got != want {
		t.Errorf("saw %q, wanted %q", got, want)
	}
}

// TestPageIsFast opens ten thousand tests. The page has only the rows that can
// be seen, and shows them at once.
func TestPageIsFast(t *testing.T) {
	t.Parallel()
	events := many(10_000, 8)
	wanted := 0
	for _, e := range events {
		text := e.File + " " + strings.Join(e.Path, " ")
		if e.Status == harness.Passed && strings.Contains(text, "case") && strings.Contains(text, "4") {
			wanted++
		}
	}
	page := act(write(t, "html", report.View{}, events), `
		const began = performance.now();
		$("#list").scrollTop = 1e6; $("#list").dispatchEvent(new Event("scroll"));
		const q = $("#query"); q.value = "case 4"; q.dispatchEvent(new Event("input"));
		seen.push($("#count").textContent, document.querySelectorAll(".row").length < 80);`)
	dom := newBrowser(t).open(t, page, "status=passed")
	want := fmt.Sprintf("%d,%03d of 10,000|true", wanted/1000, wanted%1000)
	if got := title(t, dom); got != want {
		t.Errorf("saw %q, wanted %q", got, want)
	}
	if got := found(t, verdict, dom); got != "22 of 10,000 tests failed" {
		t.Errorf("it says %q", got)
	}
}

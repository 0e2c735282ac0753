package manual_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"avescript/lualib/manual"
)

// openPage has a headless Chromium open a page of the manual, and returns what is in it
// after its scripts have run.
func openPage(t *testing.T, file, hash string) string {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("chromium is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=10000", "--dump-dom", "file://"+file+"#"+hash)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	dom, _, _ := strings.Cut(string(out), `<script type="application/json"`)
	return dom
}

func writeSite(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "manual")
	if err := manual.WriteSite(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSiteSearches(t *testing.T) {
	dir := writeSite(t)
	dom := openPage(t, filepath.Join(dir, "index.html"), "q=FREE+port")
	_, list, _ := strings.Cut(dom, `<ul id="found">`)
	first := regexp.MustCompile(`<a href="([^"]*)">`).FindStringSubmatch(list)
	if first == nil || first[1] != "ave.network.connection.html#find_free_port" {
		t.Errorf("wanted find_free_port first, got %v in\n%s", first, list)
	}
	if !strings.Contains(dom, `<div id="modules" hidden="">`) {
		t.Error("the modules are shown beside what was found")
	}
	dom = openPage(t, filepath.Join(dir, "index.html"), "q=nothing-like-it")
	if !strings.Contains(dom, "Nothing has these words.") {
		t.Errorf("it does not say that nothing was found:\n%s", dom)
	}
	dom = openPage(t, filepath.Join(dir, "index.html"), "")
	if !strings.Contains(dom, `<div id="modules">`) || !strings.Contains(dom, `<ul id="found" hidden="">`) {
		t.Errorf("the modules are not shown:\n%s", dom)
	}
}

var (
	reference = regexp.MustCompile(` (?:href|src)="([^"]*)"`)
	place     = regexp.MustCompile(` id="([^"]*)"`)
)

// TestSiteNeedsNothingElse follows all links: they lead to places on these pages.
func TestSiteNeedsNothingElse(t *testing.T) {
	dir := writeSite(t)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	targets, pages := map[string]bool{}, map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		pages[name], targets[name] = string(text), true
		for _, found := range place.FindAllStringSubmatch(string(text), -1) {
			targets[name+"#"+found[1]] = true
		}
	}
	for name, text := range pages {
		for _, found := range reference.FindAllStringSubmatch(text, -1) {
			to := found[1]
			if strings.HasPrefix(to, "#") {
				to = name + to
			}
			if !targets[to] {
				t.Errorf("%s refers to %s, which is no place on these pages", name, found[1])
			}
		}
		if !strings.Contains(text, "color-scheme: light dark") || !strings.Contains(text, "default-src 'none'") {
			t.Errorf("%s is not for light and dark, or may load from elsewhere", name)
		}
	}
	if len(pages) != len(manual.Modules())+1 {
		t.Errorf("wanted a page for each module and the index, got %d", len(pages))
	}
}

func TestSiteIsWrittenAgain(t *testing.T) {
	dir := writeSite(t)
	old := filepath.Join(dir, "ave.gone.html")
	if err := os.WriteFile(old, []byte(`<meta name="generator" content="avescript doc">`), 0o644); err != nil {
		t.Fatal(err)
	}
	notes := filepath.Join(dir, "notes.html")
	if err := os.WriteFile(notes, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := manual.WriteSite(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("a page about a module that has gone is still there")
	}
	if _, err := os.Stat(notes); err != nil {
		t.Errorf("a page of somebody else has gone: %v", err)
	}
}

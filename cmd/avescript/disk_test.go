package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is a file system of 64 KB that is full.
func smallDisk(t *testing.T) (dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	dir = t.TempDir()
	if err := syscall.Mount("small", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	if err := os.WriteFile(filepath.Join(dir, "full"), make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("the file system is larger than it should be")
	}
	return dir
}

// TestFullDisk: a run continues when there is no room for its reports and recordings,
// and says on one line what is missing.
func TestFullDisk(t *testing.T) {
	disk, dir := smallDisk(t), t.TempDir()
	for name, source := range map[string]string{
		"passes_spec.lua": `it("passes", function() assert.equal("hello", (select(2, require("ave").cmd.run("echo hello")):gsub("%s", ""))) end)`,
		"fails_spec.lua":  `it("fails", function() require("ave").cmd.run("echo hello") error("wrong") end)`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		args      []string
		out, errs string
	}{
		"a report": {[]string{"--report", "junit=" + disk + "/junit.xml", "passes_spec.lua"},
			`\n1 passed, 0 failed\n$`, `^avescript: incomplete: report junit=\S+/junit.xml \(no space left on device\)\n$`},
		"all reports": {
			[]string{"--report", "tap=" + disk + "/tap", "--report", "html=" + disk + "/page.html", "--report", "json=" + disk + "/json", "."},
			`\n1 passed, 1 failed\n$`,
			`^avescript: incomplete: report tap=\S+/tap \(no space left on device\), report html=\S+ \(no space left on device\), report json=\S+ \(no space left on device\)\n$`,
		},
		"recordings, of which that of the test that passes is not wanted": {[]string{"--record", disk, "."},
			`recording: \S+/fails_spec-fails-1\.cast \(incomplete: no space left on device\)\n(.*\n)+1 passed, 1 failed\n$`,
			`^avescript: incomplete: recording \S+/fails_spec-fails-1\.cast \(no space left on device\)\n$`},
		"recordings without workers": {[]string{"--record", filepath.Join(disk, "more"), "-j", "0", "."},
			`\n1 passed, 1 failed\n$`, `^avescript: incomplete: recording \S+`},
	} {
		t.Run(name, func(t *testing.T) {
			avescript := exec.Command("avescript", append([]string{"test"}, c.args...)...)
			avescript.Dir = dir
			avescript.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir)
			var out, errs strings.Builder
			avescript.Stdout, avescript.Stderr = &out, &errs
			_ = avescript.Run()
			if status := avescript.ProcessState.ExitCode(); status != 1 {
				t.Errorf("wanted exit status 1, got %d", status)
			}
			if !regexp.MustCompile(c.out).MatchString(out.String()) || !regexp.MustCompile(c.errs).MatchString(errs.String()) {
				t.Errorf("got:\n%s%s", out.String(), errs.String())
			}
		})
	}
}

// TestFullOutput: the same is true for standard output, and for the tests of a script.
func TestFullOutput(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x_spec.lua"), []byte(`it("passes", function() end)`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"test", "x_spec.lua"}, {"x_spec.lua"}} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		avescript := exec.Command("avescript", args...)
		avescript.Dir = dir
		avescript.Env = append(os.Environ(), "XDG_CACHE_HOME="+dir)
		avescript.Stdout = full
		var errs strings.Builder
		avescript.Stderr = &errs
		_ = avescript.Run()
		const want = "avescript: incomplete: report terminal (no space left on device)\n"
		if status := avescript.ProcessState.ExitCode(); status != 1 || errs.String() != want {
			t.Errorf("%v: wanted exit status 1, got %d: %s", args, status, errs.String())
		}
	}
}

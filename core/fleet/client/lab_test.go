package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"avescript/core/fleet/client"
	"avescript/core/fleet/host"
	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

// The tests in this file have a real hub, real hosts, and the real program avescript. What
// it starts as avelab is the test binary.

// built is the program avescript, with an avelab beside it.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		self, err := os.Executable()
		if err == nil {
			built.dir, err = os.MkdirTemp("", "avescript")
		}
		if err == nil {
			err = os.Chmod(built.dir, 0o755)
		}
		if err == nil {
			text := fmt.Sprintf("#!/bin/sh\nexec '%s' '%s' \"$@\"\n", self, reexec.Argument("avelab"))
			err = os.WriteFile(filepath.Join(built.dir, "avelab"), []byte(text), 0o755)
		}
		if err == nil {
			var out []byte
			out, err = exec.Command("go", "build", "-o", filepath.Join(built.dir, "avescript"), "avescript/cmd/avescript").CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
		}
		built.err = err
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "avescript")
}

// runAvelab is "avelab submit".
func runAvelab([]string) error {
	l, err := link.Dial(context.Background(), link.Config{URL: os.Getenv("TEST_HUB"), Role: wire.User, Name: "ann"})
	if err != nil {
		return err
	}
	defer l.Close()
	return client.Submit(context.Background(), l, os.Stdin, os.Stdout)
}

// runHost is a host in a process of its own: its options as JSON.
func runHost(args []string) error {
	var o host.Options
	if err := json.Unmarshal([]byte(args[0]), &o); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return host.Run(ctx, o)
}

// lab is a hub with hosts.
type lab struct {
	*testing.T
	hub   *hub.Hub
	hosts map[string]*exec.Cmd
	dir   string // the project
	again hub.Options
}

func newLab(t *testing.T, hosts int, files map[string]string) *lab {
	t.Helper()
	options := hub.Options{Dir: t.TempDir(), Port: -1, Name: "hub"}
	h, err := hub.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t, h, map[string]*exec.Cmd{}, t.TempDir(), options}
	address, err := url.Parse(h.URL())
	if err != nil {
		t.Fatal(err)
	}
	l.again.Port, _ = strconv.Atoi(address.Port())
	t.Cleanup(func() { l.hub.Close() })
	for i := range hosts {
		l.start(fmt.Sprintf("lab-%d", i+1))
	}
	for name, text := range files {
		path := filepath.Join(l.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func (l *lab) start(name string) { l.startWith(name, "") }

// startWith starts a host with the broker of a home.
func (l *lab) startWith(name, broker string) {
	l.Helper()
	o := host.Options{
		Link: link.Config{URL: l.hub.URL(), Role: wire.Worker, Name: name}, Dir: l.TempDir(), Program: program(l.T), Cores: 2, Broker: broker,
	}
	if os.Geteuid() == 0 {
		o.Account = "root"
	}
	text, err := json.Marshal(o)
	if err != nil {
		l.Fatal(err)
	}
	c := reexec.Command("host", string(text))
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		l.Fatal(err)
	}
	l.hosts[name] = c
	l.Cleanup(func() { l.kill(name) })
	poll.Until(l, name+" is up", func() bool {
		for _, h := range l.hub.View().Hosts {
			if h.Name == name && h.State == "up" {
				return true
			}
		}
		return false
	})
}

// kill kills a host, with what its jobs have left.
func (l *lab) kill(name string) {
	c := l.hosts[name]
	_ = c.Process.Kill()
	_ = c.Wait()
}

// avescript is a command line in the project.
func (l *lab) avescript(args ...string) *exec.Cmd {
	c := exec.Command(program(l.T), args...)
	c.Dir = l.dir
	c.Env = append(os.Environ(), "TEST_HUB="+l.hub.URL(), "XDG_CACHE_HOME="+l.dir+"/.cache")
	return c
}

// run runs a command line to its end.
func (l *lab) run(args ...string) (out string, status int) {
	l.Helper()
	c := l.avescript(args...)
	var errs bytes.Buffer
	c.Stderr = &errs
	text, err := c.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		l.Fatal(err)
	}
	if errs.Len() > 0 {
		l.Logf("stderr: %s", errs.String())
	}
	return string(text), c.ProcessState.ExitCode()
}

// exists waits until a test has made a file in the project.
func (l *lab) exists(name string) {
	l.Helper()
	poll.Until(l, name+" exists", func() bool {
		_, err := os.Stat(filepath.Join(l.dir, name))
		return err == nil
	})
}

// waitSaid waits until the hub knows that a test has begun.
func (l *lab) waitSaid(test string) {
	l.Helper()
	user, err := link.Dial(l.Context(), link.Config{URL: l.hub.URL(), Role: wire.User, Name: "ann"})
	if err != nil {
		l.Fatal(err)
	}
	defer user.Close()
	poll.Until(l, "the run is in the view", func() bool { return len(l.hub.View().Runs) > 0 })
	err = client.Follow(l.Context(), user, l.hub.View().Runs[0].Run, func(t client.Told) (more bool) {
		return t.Output == nil || !slices.ContainsFunc(t.Output.Events, func(e harness.Event) bool {
			return e.Kind == harness.TestStarted && e.FullName() == test
		})
	})
	if err != nil {
		l.Fatal(err)
	}
}

// verdicts are the results of a report of events, sorted by file, and the hosts.
func (l *lab) verdicts(file string) (list []string, hosts map[string]bool) {
	l.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, file))
	if err != nil {
		l.Fatal(err)
	}
	byFile := map[string][]string{}
	var files []string
	hosts = map[string]bool{}
	for line := range strings.Lines(string(text)) {
		var e harness.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			l.Fatal(err)
		}
		if e.Host != "" {
			hosts[e.Host] = true
		}
		if byFile[e.File] == nil {
			files = append(files, e.File)
		}
		text := fmt.Sprintf("%s %s %s %s %d %v %q", e.Kind, e.File, e.FullName(), e.Status, e.Attempt, e.Last, e.Output)
		for _, p := range e.Problems {
			text += ": " + p.Message
			for _, f := range p.Stack {
				text += fmt.Sprintf(" at %s:%d", f.File, f.Line)
			}
		}
		if e.Totals != nil {
			text += " " + e.Totals.String()
		}
		byFile[e.File] = append(byFile[e.File], text)
	}
	slices.Sort(files)
	for _, file := range files {
		list = append(list, byFile[file]...)
	}
	return list, hosts
}

func (l *lab) write(name, text string) {
	l.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o644); err != nil {
		l.Fatal(err)
	}
}

// hangs makes a test that hangs and has a teardown.
func (l *lab) hangs() {
	l.Helper()
	l.write("test_a.lua", `
		teardown(function() io.open("`+l.dir+`/cleaned", "w"):close() end)
		it("hangs", function()
			io.open("`+l.dir+`/hangs", "w"):close()
			while not io.open("`+l.dir+`/enough") do require("ave.time").sleep(0.05) end
		end)`)
}

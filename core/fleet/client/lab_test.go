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
	"avescript/internal/built"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

// The tests in this file have a real hub, real hosts, and the real program avescript. What
// it starts as avelab is the test binary.

// programs is a directory with the program avescript, and an avelab beside it. Tests share
// it, and remove it at the end.
var programs string

var makePrograms = sync.OnceValue(func() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if programs, err = os.MkdirTemp("", "avescript"); err != nil {
		return err
	}
	text := fmt.Sprintf("#!/bin/sh\nexec '%s' '%s' \"$@\"\n", self, reexec.Argument("avelab"))
	return errors.Join(os.Chmod(programs, 0o755), os.WriteFile(filepath.Join(programs, "avelab"), []byte(text), 0o755), built.Into(programs, "avescript"))
})

func program(t *testing.T) string {
	t.Helper()
	if err := makePrograms(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(programs, "avescript")
}

// runAvelab is "avelab submit".
func runAvelab([]string) error {
	l, err := link.Dial(context.Background(), link.Config{URL: os.Getenv("TEST_HUB"), Role: wire.User, Name: os.Getenv("TEST_USER")})
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

// lab is a hub with hosts, a user, and the project of the user.
type lab struct {
	*testing.T
	hub   *hub.Hub
	again hub.Options
	hosts map[string]*exec.Cmd
	user  string
	dir   string // the project
}

// labs has what tests share.
var labs struct {
	sync.Mutex
	*lab
	users int
}

// shared is a lab with the hosts lab-1 and lab-2, for a test that ends neither of them. Each
// test is another user.
func shared(t *testing.T, files map[string]string) *lab {
	t.Helper()
	labs.Lock()
	defer labs.Unlock()
	program(t)
	if labs.lab == nil {
		l := &lab{T: t, hosts: map[string]*exec.Cmd{}}
		l.startHub(context.Background(), filepath.Join(programs, "hub"))
		labs.lab = l
		for _, name := range []string{"lab-1", "lab-2"} {
			l.start(name, filepath.Join(programs, name), "")
		}
	}
	labs.users++
	l := &lab{t, labs.hub, labs.again, labs.hosts, fmt.Sprint("user-", labs.users), t.TempDir()}
	l.fill(files)
	return l
}

// endShared ends what tests have shared.
func endShared() {
	if labs.lab != nil {
		for name := range labs.hosts {
			labs.kill(name)
		}
		labs.hub.Close()
	}
	if programs != "" {
		_ = os.RemoveAll(programs)
	}
}

// newLab is a lab for one test, with the host lab-1.
func newLab(t *testing.T, broker string) *lab {
	t.Helper()
	l := &lab{T: t, hosts: map[string]*exec.Cmd{}, user: "ann", dir: t.TempDir()}
	l.startHub(t.Context(), t.TempDir())
	t.Cleanup(func() {
		for name := range l.hosts {
			l.kill(name)
		}
		l.hub.Close()
	})
	l.start("lab-1", t.TempDir(), broker)
	return l
}

// startHub starts the hub at a port that it has again when it is started again.
func (l *lab) startHub(ctx context.Context, dir string) {
	l.Helper()
	l.again = hub.Options{Dir: dir, Port: -1, Name: "hub"}
	var err error
	if l.hub, err = hub.Start(ctx, l.again); err != nil {
		l.Fatal(err)
	}
	address, err := url.Parse(l.hub.URL())
	if err != nil {
		l.Fatal(err)
	}
	l.again.Port, _ = strconv.Atoi(address.Port())
}

func (l *lab) fill(files map[string]string) {
	l.Helper()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(l.dir, name)), 0o755); err != nil {
			l.Fatal(err)
		}
		l.write(name, text)
	}
}

// start starts a host, with the broker of a home if it has one.
func (l *lab) start(name, dir, broker string) {
	l.Helper()
	o := host.Options{
		Link: link.Config{URL: l.hub.URL(), Role: wire.Worker, Name: name}, Dir: dir, Program: program(l.T), Cores: 4, Broker: broker,
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

// dial connects as the user. The connection is closed with the test.
func (l *lab) dial() *link.Link {
	l.Helper()
	user, err := link.Dial(l.Context(), link.Config{URL: l.hub.URL(), Role: wire.User, Name: l.user})
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(user.Close)
	return user
}

// avescript is a command line in the project.
func (l *lab) avescript(args ...string) *exec.Cmd {
	c := exec.Command(program(l.T), args...)
	c.Dir = l.dir
	c.Env = append(os.Environ(), "TEST_HUB="+l.hub.URL(), "TEST_USER="+l.user, "XDG_CACHE_HOME="+l.dir+"/.cache")
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

// lastRun waits until the view of the hub has the run of the user, and returns its name.
func (l *lab) lastRun(user *link.Link) (run string) {
	l.Helper()
	poll.Until(l, "the run is in the view of the lab", func() (found bool) {
		var err error
		run, err = client.FindRun(l.Context(), user, "")
		return err == nil
	})
	return run
}

// waitSaid waits until the hub knows that a test has begun.
func (l *lab) waitSaid(test string) {
	l.Helper()
	user := l.dial()
	err := client.Follow(l.Context(), user, l.lastRun(user), func(t client.Told) (more bool) {
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

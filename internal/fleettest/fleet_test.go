package fleettest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/process"
	"avescript/internal/fleettest"
	"avescript/internal/netlab"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

// Whole fleets: real processes of the hub, of hosts and of users, on network namespaces
// where these can be made.

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{fleettest.AuditProgram: fleettest.AuditCluster})
	poll.Parallel(4)
	status := m.Run()
	fleettest.Clean()
	os.Exit(status)
}

// user is the node where tests are submitted: the hub, because its user has a key.
const user = netlab.Hub

// suite writes test files into the home of the user: each has the same text, with its number
// in the place of NUMBER.
func suite(f *fleettest.Fleet, count int, text string) {
	f.T.Helper()
	dir := filepath.Join(f.Home(user), "tests")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.T.Fatal(err)
	}
	for i := range count {
		file := filepath.Join(dir, fmt.Sprintf("test_%03d.lua", i))
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "NUMBER", fmt.Sprint(i))), 0o644); err != nil {
			f.T.Fatal(err)
		}
	}
}

// verdicts are the results of the tests in a report of JSON lines, as "FILE NAME: STATUS",
// and the hosts where they ran.
func verdicts(t *testing.T, file string) (list []string, hosts map[string]bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	hosts = map[string]bool{}
	for line := range strings.Lines(string(text)) {
		var e harness.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v in %s", file, err, line)
		}
		if e.Counts() || e.Kind == harness.BlockFailed {
			list = append(list, fmt.Sprintf("%s %s: %s", e.File, e.FullName(), e.Status))
			hosts[e.Host] = true
		}
	}
	slices.Sort(list)
	return list, hosts
}

// look is what `avelab --json` shows.
func look(f *fleettest.Fleet) (lab wire.Lab) {
	f.T.Helper()
	out := f.Avelab(user, "--json").Output()
	if err := json.Unmarshal([]byte(out), &lab); err != nil {
		f.T.Fatalf("%v in %s", err, out)
	}
	return lab
}

// running waits until a host has a job, and returns it.
func running(f *fleettest.Fleet, host string) (job wire.LabJob) {
	f.T.Helper()
	poll.Until(f.T, host+" has a job", func() bool {
		for _, h := range look(f).Hosts {
			if h.Name == host && len(h.Jobs) > 0 {
				job = h.Jobs[0]
				return true
			}
		}
		return false
	})
	return job
}

// Each test of this suite takes a second, and appends a line to a file that all hosts share
// when it begins and when it ends.
func slowTest(journal string) string {
	return fmt.Sprintf(`
local function say(what)
	local file = assert(io.open(%q, "a"))
	file:write(what, " NUMBER\n")
	file:close()
end
it("works", function()
	say("begin")
	require("ave").time.sleep(1)
	say("end")
end)
`, journal)
}

// count is how often a line is in the journal.
func count(journal, line string) (n int) {
	text, _ := os.ReadFile(journal)
	for is := range strings.Lines(string(text)) {
		if strings.TrimSpace(is) == line {
			n++
		}
	}
	return n
}

// finished checks a run of slow tests: each result is there once, and passed.
func finished(t *testing.T, f *fleettest.Fleet, run *fleettest.Program, report string, jobs int) {
	t.Helper()
	if status := run.Status(); status != 0 {
		t.Errorf("the run has the status %d\n%s", status, run.Text())
	}
	list, _ := verdicts(t, filepath.Join(f.Home(user), report))
	if len(list) != jobs || len(slices.Compact(list)) != jobs {
		t.Errorf("there are %d results for %d tests: %v", len(list), jobs, list)
	}
}

func submit(f *fleettest.Fleet, report string) *fleettest.Program {
	return f.Avescript(user, "test", "--fleet", "--report", "json="+report, "tests").Start()
}

// alive tells whether any of the processes is running.
func alive(pids []int) bool {
	return slices.ContainsFunc(pids, func(pid int) bool {
		stat, err := process.ReadStat(pid)
		return err == nil && !stat.Dead() // a dead child of a stopped process is not reaped
	})
}

func TestCutLinkEndsTheJobBeforeItIsGivenAway(t *testing.T) {
	net := netlab.New(t, "lab-1", "lab-2")
	f := fleettest.Start(t, net, "lab-1", "lab-2")
	journal := filepath.Join(t.TempDir(), "journal")
	suite(f, 20, slowTest(journal))
	run := submit(f, "out.json")
	running(f, "lab-1")
	jobs := f.Hosts["lab-1"].Tree()
	net.Cut("lab-1")
	lost := func() bool {
		for _, h := range look(f).Hosts {
			if h.Name == "lab-1" && h.State == "lost" {
				return true
			}
		}
		return false
	}
	ended := false
	poll.Until(t, "the hub gives up the host", func() bool {
		ended = ended || !alive(jobs)
		return lost()
	})
	if !ended && alive(jobs) {
		t.Error("the jobs of a host that is cut off still run when they are given to others")
	}
	net.Restore("lab-1")
	finished(t, f, run, "out.json", 20)
	poll.Until(t, "the host is back", func() bool { return !lost() })
}

func TestKilledProcesses(t *testing.T) {
	for name, victim := range map[string]func(*fleettest.Fleet) *fleettest.Program{
		"host": func(f *fleettest.Fleet) *fleettest.Program { return f.Hosts["lab-1"] },
		"hub":  func(f *fleettest.Fleet) *fleettest.Program { return f.Hub },
	} {
		t.Run(name, func(t *testing.T) {
			f := fleettest.Start(t, nil, "lab-1", "lab-2")
			suite(f, 12, slowTest(filepath.Join(t.TempDir(), "journal")))
			run := submit(f, "out.json")
			running(f, "lab-1")
			victim(f).Kill()
			if name == "hub" {
				f.StartHub()
			} else {
				f.Join("lab-1")
			}
			finished(t, f, run, "out.json", 12)
		})
	}
}

func TestStoppedHostIsFenced(t *testing.T) {
	f := fleettest.Start(t, nil, "lab-1", "lab-2")
	journal := filepath.Join(t.TempDir(), "journal")
	suite(f, 12, slowTest(journal))
	run := submit(f, "out.json")
	running(f, "lab-1")
	jobs := f.Hosts["lab-1"].Tree()
	f.Hosts["lab-1"].Signal(syscall.SIGSTOP)
	if !poll.Holds(func() bool { return !alive(jobs) }) {
		t.Error("the jobs of a host whose process is stopped go on")
	}
	f.Hosts["lab-1"].Signal(syscall.SIGCONT)
	finished(t, f, run, "out.json", 12)
}

func TestLeaveAndAttach(t *testing.T) {
	f := fleettest.Start(t, nil, "lab-1")
	suite(f, 6, slowTest(filepath.Join(t.TempDir(), "journal")))
	first := submit(f, "out.json")
	run := running(f, "lab-1").Run
	first.Kill()
	second := f.Avelab(user, "attach", run, "--report", "json=attached.json").Start()
	finished(t, f, second, "attached.json", 6)
	third := f.Avelab(user, "attach", run, "--report", "json=later.json").Start()
	finished(t, f, third, "later.json", 6)
}

func TestCancelRunsTheTeardown(t *testing.T) {
	f := fleettest.Start(t, nil, "lab-1")
	dir := t.TempDir()
	exists := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	suite(f, 1, fmt.Sprintf(`
local function write(name) io.open(%q .. name, "w"):close() end
teardown(function() write("done") end)
it("waits", function()
	write("begun")
	require("ave").time.sleep(60)
end)
`, dir+"/"))
	run := submit(f, "out.json")
	poll.Until(t, "the test has begun", func() bool { return exists("begun") })
	run.Signal(syscall.SIGINT)
	if status := run.Status(); status != 130 {
		t.Errorf("after Ctrl-C the status is %d, want 130\n%s", status, run.Text())
	}
	if !exists("done") {
		t.Errorf("the teardown did not run\n%s", run.Text())
	}
}

func TestImpossibleNeeds(t *testing.T) {
	f := fleettest.Start(t, nil, "lab-1")
	suite(f, 1, `
test.needs { tags = { "os=plan9" } }
it("never runs", function() end)
`)
	run := submit(f, "out.json")
	if status := run.Status(); status == 0 || !strings.Contains(run.Text(), "os=plan9") {
		t.Errorf("status %d; want an error that names os=plan9, got\n%s", status, run.Text())
	}
}

func TestSharedAndExclusive(t *testing.T) {
	f := fleettest.Start(t, nil, "lab-1", "lab-2")
	journal := filepath.Join(t.TempDir(), "journal")
	suite(f, 8, fmt.Sprintf(`
local ave = require("ave")
local function say(what)
	local file = assert(io.open(%[1]q, "a"))
	file:write(what, "\n")
	file:close()
end
it("shares", { exclusive = "rack" }, function()
	local value = test.shared("made once", function() say("made") return { 42 } end)
	assert.same({ 42 }, value)
	say("begin")
	ave.time.sleep(0.2)
	say("end")
end)
`, journal))
	run := submit(f, "out.json")
	finished(t, f, run, "out.json", 8)
	if n := count(journal, "made"); n != 1 {
		t.Errorf("the shared value was made %d times, want once", n)
	}
	text, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "begin\nbegin") {
		t.Errorf("two tests had the name at the same time:\n%s", text)
	}
}

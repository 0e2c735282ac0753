package fleettest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"avescript/core/fleet/wire"
	"avescript/internal/fleettest"
	"avescript/internal/netlab"
	"avescript/internal/poll"
)

// clusterTest writes what it does with the time into a journal. Some of the tests need
// equipment, some take 20 s.
func clusterTest(journal string) string {
	return fmt.Sprintf(`
local ave = require("ave")
local function say(what)
	local file = assert(io.open(%q, "a"))
	file:write(what, " NUMBER ", ave.time.now(), "\n")
	file:close()
end
local relay = NUMBER %% 3 == 0 and test.equipment("relay", { type = "relay" })
it("works", function()
	say("begin")
	if relay then
		assert.equal("relay", relay.profile.type)
	end
	print("first of NUMBER")
	ave.time.sleep(NUMBER %% 18 == 1 and 20 or 1)
	print("last of NUMBER")
	say("end")
end)
`, journal)
}

// Each hub is killed or stopped once while jobs run: that which leads first. What runs goes
// on, each job is counted once, and who follows sees everything, once.
func TestEachHubIsLost(t *testing.T) {
	t.Parallel()
	f := fleettest.StartCluster(t, nil)
	equip(f)
	const jobs = 36
	journal := filepath.Join(t.TempDir(), "journal")
	suite(f, jobs, clusterTest(journal))
	run := submit(f, "out.json")
	for _, host := range labHosts {
		running(f, host)
	}
	left := slices.Clone(fleettest.HubNodes)
	for _, how := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGKILL} {
		hub := f.Leader()
		if !slices.Contains(left, hub) {
			hub = left[0]
		}
		left = slices.DeleteFunc(left, func(node string) bool { return node == hub })
		began := time.Now()
		if how == syscall.SIGKILL {
			f.Hubs[hub].Kill()
		} else {
			f.Hubs[hub].Signal(how)
		}
		now := f.Leader()
		t.Logf("%s got %s; %s leads after %s", hub, how, now, time.Since(began).Round(time.Millisecond))
		if now == hub {
			t.Errorf("%s leads, and cannot", hub)
		}
		if how == syscall.SIGKILL {
			f.LaunchHub(hub)
			f.AwaitHub(hub)
		} else {
			f.Hubs[hub].Signal(syscall.SIGCONT)
			f.Hubs[hub].Line("does not lead any more")
		}
		f.AwaitHubs()
	}
	finished(t, f, run, "out.json", jobs)
	for i := range jobs {
		for _, what := range []string{"begin", "end"} {
			if n := times(journal, fmt.Sprintf("%s %d ", what, i)); n != 1 {
				t.Errorf("%q was said %d times by test %d", what, n, i)
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(f.Home(user), "out.json"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range jobs {
		for _, what := range []string{"first", "last"} {
			if n := strings.Count(string(text), fmt.Sprintf(`%s of %d\n`, what, i)); n != 1 {
				t.Errorf("the report has what test %d has printed %s %d times", i, what, n)
			}
		}
	}
	later := f.Avelab(user, "attach", f.Look().Runs[0].Run, "--report", "json=later.json").Start()
	finished(t, f, later, "later.json", jobs)
	tally := f.Audit()
	if tally.Finished != jobs || tally.Returned != 0 || tally.Claims != jobs {
		t.Errorf("wanted %d jobs that were given away once, got %+v", jobs, tally)
	}
}

// times is how many lines of a journal begin with a text.
func times(journal, text string) (n int) {
	data, _ := os.ReadFile(journal)
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, text) {
			n++
		}
	}
	return n
}

// The links of hubs and hosts are cut. A host that is connected with a hub that nobody else
// reaches finds another one, and so does who submits or follows a run there. A host that is cut
// off has ended its jobs when they are given away, although it may go on for long.
func TestClusterLinks(t *testing.T) {
	t.Parallel()
	hosts := labHosts[:2]
	network := netlab.New(t, slices.Concat(fleettest.HubNodes, hosts)...)
	f := fleettest.StartCluster(t, network)
	for _, host := range hosts {
		f.Join(host)
	}
	leads := f.Leader()
	others := slices.DeleteFunc(slices.Clone(fleettest.HubNodes), func(node string) bool { return node == leads })
	f.Hosts["lab-1"].End()
	for _, other := range others {
		network.CutBetween("lab-1", other)
	}
	f.Join("lab-1")
	for _, other := range others {
		network.RestoreBetween("lab-1", other)
	}
	cutHub(t, f, leads, others)
	cutHost(t, f)
	if tally := f.Audit(); tally.Finished < cutJobs {
		t.Errorf("wanted that %d jobs have ended, got %+v", cutJobs, tally)
	}
}

const cutJobs = 16

func cutHub(t *testing.T, f *fleettest.Fleet, leads string, others []string) {
	journal := filepath.Join(t.TempDir(), "journal")
	suite(f, cutJobs, slowTest(journal))
	for _, other := range others { // the submitter is connected with that hub, too
		f.Network.CutBetween(user, other)
	}
	run := submit(f, "out.json")
	running(f, "lab-1")
	running(f, "lab-2")
	for _, other := range others {
		f.Network.CutBetween(leads, other)
	}
	late := submitLate(f, leads)
	for _, other := range others {
		f.Network.RestoreBetween(user, other)
	}
	poll.Until(t, "another hub leads", func() bool { return f.Leader() != leads })
	finished(t, f, run, "out.json", cutJobs)
	finished(t, f, late, "late.json", 1)
	for i := range cutJobs {
		if n := count(journal, fmt.Sprintf("end %d", i)); n != 1 {
			t.Errorf("test %d has ended %d times: it was given away while it ran", i, n)
		}
	}
	for _, h := range f.Look().Hosts {
		if h.State != "up" {
			t.Errorf("wanted that each host has found another hub, but %s is %s", h.Name, h.State)
		}
	}
	for _, other := range others {
		f.Network.RestoreBetween(leads, other)
	}
	f.Hubs[leads].Line("does not lead any more")
	f.AwaitHubs()
}

// submitLate submits a run to a hub that is cut off, and waits until it is connected with it,
// besides the run before.
func submitLate(f *fleettest.Fleet, hub string) *fleettest.Program {
	f.T.Helper()
	file := filepath.Join(f.Home(user), "late", "test_late.lua")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		f.T.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(`it("works", function() end)`), 0o644); err != nil {
		f.T.Fatal(err)
	}
	run := f.Avescript(user, "test", "--fleet", "--report", "json=late.json", "late").Start()
	poll.Until(f.T, "both submitters are connected with "+hub, func() bool {
		list, err := f.Network.Command(user, "ss", "-tnH", "state", "established", "dst", f.Network.Address(hub)).Output()
		return err == nil && strings.Count(string(list), "\n") == 2
	})
	return run
}

func cutHost(t *testing.T, f *fleettest.Fleet) {
	journal := filepath.Join(t.TempDir(), "journal")
	if err := os.RemoveAll(filepath.Join(f.Home(user), "tests")); err != nil {
		t.Fatal(err)
	}
	suite(f, 4, strings.ReplaceAll(slowTest(journal), "sleep(1)", "sleep(100)"))
	run := submit(f, "out.json")
	var jobs []int
	poll.Until(t, "lab-1 has the process of a job", func() bool {
		jobs = f.Hosts["lab-1"].Tree()
		return alive(jobs)
	})
	began := time.Now()
	f.Network.Cut("lab-1")
	var fenced time.Duration
	poll.Until(t, "the jobs of the host are given away", func() bool {
		if fenced == 0 && !alive(jobs) {
			fenced = time.Since(began)
		}
		return slices.ContainsFunc(f.Look().Hosts, func(h wire.LabHost) bool { return h.Name == "lab-1" && h.State == "lost" })
	})
	t.Logf("fenced after %s, lost after %s", fenced, time.Since(began))
	if fenced == 0 && alive(jobs) {
		t.Error("the jobs of a host that is cut off still run when they are given to others")
	}
	if fenced > 0 && fenced < 10*time.Second {
		t.Errorf("wanted that the jobs go on while hubs choose a leader, but they were ended after %s", fenced)
	}
	f.Network.Restore("lab-1")
	run.Signal(syscall.SIGINT)
	run.Status()
}

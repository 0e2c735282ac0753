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

	"avescript/internal/fleettest"
	"avescript/internal/netlab"
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

// cluster is a cluster with three hosts that have relays.
func cluster(t *testing.T, network *netlab.Lab) *fleettest.Fleet {
	f := fleettest.StartCluster(t, network)
	for _, host := range labHosts {
		f.Broker(host, relays)
		f.Join(host)
	}
	return f
}

var labHosts = []string{"lab-1", "lab-2", "lab-3"}

// Each hub is killed or stopped once while jobs run: that which leads first. What runs goes
// on, each job is counted once, and who follows sees everything, once.
func TestEachHubIsLost(t *testing.T) {
	t.Parallel()
	b0 := time.Now()
	say := func(w string) { t.Log(time.Since(b0).Round(time.Millisecond), w) }
	f := cluster(t, nil)
	say("started")
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
		say("leads")
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
		say("back")
		f.AwaitHubs()
		say("there")
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
	say("finished")
	later := f.Avelab(user, "attach", look(f).Runs[0].Run, "--report", "json=later.json").Start()
	finished(t, f, later, "later.json", jobs)
	say("later")
	tally := f.Audit()
	say("audited")
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

package fleettest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"avescript/core/fleet/hub"
	"avescript/core/fleet/wire"
	"avescript/internal/fleettest"
	"avescript/internal/netlab"
	"avescript/internal/poll"
)

const relays = `[{"type": "relay", "uid": "1"}, {"type": "relay", "uid": "2"}]`

func relayTest(journal string) string {
	return fmt.Sprintf(`
local ave = require("ave")
local first = test.equipment("first", { type = "relay" })
local second = NUMBER %% 4 == 0 and test.equipment("second", { type = "relay" })
it("uses it", function()
	local file = assert(io.open(%q, "a"))
	file:write("begin NUMBER\n")
	file:close()
	assert.equal("relay", first.profile.type)
	if second then
		assert.not_equal(first.profile.uid, second.profile.uid)
	end
	ave.time.sleep(1) -- the run lasts about as long as the breaks
end)
`, journal)
}

// Anything is killed, stopped or cut off while jobs run that need equipment. At the end each
// job has one result, and the ledger shows that no piece was held twice.
func TestChaos(t *testing.T) {
	t.Parallel()
	network := netlab.New(t, labHosts...)
	f := fleettest.Start(t, network)
	equip(f)
	chaos(t, f, 60, 8)
	f.Hub.End()
	tally, err := hub.Audit(context.Background(), hub.Options{Dir: f.HubDirectory()})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%+v", tally)
}

// The same with three hubs, of which one at a time is killed, stopped or cut off.
func TestClusterChaos(t *testing.T) {
	t.Parallel()
	network := netlab.New(t, slices.Concat(fleettest.HubNodes, labHosts)...)
	f := fleettest.StartCluster(t, network)
	equip(f)
	chaos(t, f, 30, 6)
	t.Logf("%+v", f.Audit())
}

// equip has hosts with relays join.
func equip(f *fleettest.Fleet) {
	for _, host := range labHosts {
		f.Broker(host, relays)
		f.Join(host)
	}
}

var labHosts = []string{"lab-1", "lab-2", "lab-3"}

// chaos submits jobs, and breaks something some times.
func chaos(t *testing.T, f *fleettest.Fleet, jobs, times int) {
	t.Helper()
	suite(f, jobs, relayTest(filepath.Join(t.TempDir(), "journal")))
	run := submit(f, "out.json")
	poll.Until(t, "a job runs", func() bool {
		return slices.ContainsFunc(f.Look().Hosts, func(h wire.LabHost) bool { return len(h.Jobs) > 0 })
	})
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range times {
		host := labHosts[random.IntN(len(labHosts))]
		pause := time.Duration(500+random.IntN(3000)) * time.Millisecond
		what := random.IntN(5)
		if f.Hub == nil && i%2 == 1 {
			what = 3 // what is new about a cluster
		}
		t.Log(what, host, pause)
		switch what {
		case 0:
			f.Hosts[host].Kill()
			time.Sleep(pause)
			f.Join(host)
		case 1:
			f.Hosts[host].Signal(syscall.SIGSTOP)
			time.Sleep(pause)
			f.Hosts[host].Signal(syscall.SIGCONT)
		case 2:
			f.Network.Cut(host)
			time.Sleep(pause)
			f.Network.Restore(host)
		case 3:
			breakHub(t, f, random, pause)
		case 4:
			if pids := f.Hosts[host].Tree(); len(pids) > 0 {
				_ = syscall.Kill(pids[random.IntN(len(pids))], []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP}[random.IntN(2)])
			}
		}
	}
	run.Status() // a job may be set aside, when it was lost too often
	if list, _ := verdicts(t, filepath.Join(f.Home(user), "out.json")); len(list) != jobs {
		t.Errorf("there are %d results for %d jobs\n%s", len(list), jobs, run.Text())
	}
}

// breakHub breaks the hub, or one of a cluster, and waits until it works again.
func breakHub(t *testing.T, f *fleettest.Fleet, random *rand.Rand, pause time.Duration) {
	t.Helper()
	if f.Hub != nil {
		f.Hub.Kill()
		f.StartHub()
		return
	}
	node := fleettest.HubNodes[random.IntN(len(fleettest.HubNodes))]
	what := random.IntN(3)
	t.Log("  ", what, node)
	switch what {
	case 0:
		f.Hubs[node].Kill()
		time.Sleep(pause)
		f.LaunchHub(node)
		f.AwaitHub(node)
	case 1:
		f.Hubs[node].Signal(syscall.SIGSTOP)
		time.Sleep(3 * pause) // sometimes others take over, and sometimes not
		f.Hubs[node].Signal(syscall.SIGCONT)
	case 2:
		f.Network.Cut(node)
		time.Sleep(3 * pause)
		f.Network.Restore(node)
	}
	f.AwaitHubs()
}

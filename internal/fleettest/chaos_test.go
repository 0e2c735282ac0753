package fleettest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"avescript/core/fleet/hub"
	"avescript/internal/fleettest"
	"avescript/internal/netlab"
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
	hosts := []string{"lab-1", "lab-2", "lab-3"}
	network := netlab.New(t, hosts...)
	f := fleettest.Start(t, network)
	for _, host := range hosts {
		f.Broker(host, relays)
		f.Join(host)
	}
	const jobs = 60
	suite(f, jobs, relayTest(filepath.Join(t.TempDir(), "journal")))
	run := submit(f, "out.json")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 8 {
		host := hosts[random.IntN(len(hosts))]
		pause := time.Duration(500+random.IntN(3000)) * time.Millisecond
		what := random.IntN(5)
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
			network.Cut(host)
			time.Sleep(pause)
			network.Restore(host)
		case 3:
			f.Hub.Kill()
			f.StartHub()
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
	f.Hub.End()
	tally, err := hub.Audit(context.Background(), hub.Options{Dir: f.HubDirectory()})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%+v", tally)
}

package fleettest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"avescript/core/fleet/hub"
	"avescript/core/fleet/schedule"
	"avescript/core/fleet/wire"
	"avescript/internal/netlab"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

// HubNodes are the nodes of the hubs of a cluster.
var HubNodes = []string{"hub-1", "hub-2", "hub-3"}

// StartCluster starts a cluster of three hubs. The node netlab.Hub has no hub then, only users.
// If network is not nil, it must have [HubNodes].
func StartCluster(t testing.TB, network *netlab.Lab) *Fleet {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	f := &Fleet{T: t, Network: network, Hubs: map[string]*Program{}, Hosts: map[string]*Program{}, root: t.TempDir(), bin: bin}
	addresses := f.addresses()
	first := HubNodes[0]
	f.Avelab(first, append([]string{"cluster", "create"}, addresses...)...).Output()
	for i, node := range HubNodes[1:] {
		file := filepath.Join(f.Home(first), strings.ReplaceAll(addresses[i+1], ":", "_")+".hub")
		f.Avelab(node, "cluster", "accept", file).Output()
	}
	for _, node := range HubNodes {
		f.LaunchHub(node)
	}
	for _, node := range HubNodes {
		f.AwaitHub(node)
	}
	for _, role := range []string{wire.Admin, wire.User} {
		data, err := os.ReadFile(filepath.Join(f.Home(first), ".ave/lab", role+".json"))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(f.Home(netlab.Hub), ".ave/lab", role+".json")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// addresses are those of the hubs of a new cluster.
func (f *Fleet) addresses() (list []string) {
	f.T.Helper()
	const routes = 2000 // how far the ports are from those for clients
	for i := 0; len(list) < len(HubNodes); i++ {
		port := freePort(f.T)
		if f.Network != nil {
			list = append(list, net.JoinHostPort(f.Network.Address(HubNodes[len(list)]), port))
			continue
		}
		n, _ := strconv.Atoi(port)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n+routes))
		if err != nil {
			continue
		}
		_ = l.Close()
		list = append(list, "127.0.0.1:"+port)
	}
	return list
}

// LaunchHub starts a hub of a cluster, and does not wait until it has found the others.
func (f *Fleet) LaunchHub(node string) {
	f.T.Helper()
	listen := "127.0.0.1"
	if f.Network != nil {
		listen = f.Network.Address(node)
	}
	f.Hubs[node] = f.Avelab(node, "start", "--listen="+listen, "--page-port=-1").Start()
}

// AwaitHub waits until a hub of a cluster works with the others.
func (f *Fleet) AwaitHub(node string) {
	f.T.Helper()
	f.Hubs[node].Line(`The lab: `)
}

// Look is the view of the lab that `avelab --json` shows.
func (f *Fleet) Look() (lab wire.Lab) {
	f.T.Helper()
	out := f.Avelab(netlab.Hub, "--json").Output()
	if err := json.Unmarshal([]byte(out), &lab); err != nil {
		f.T.Fatalf("%v in %s", err, out)
	}
	return lab
}

// Leader is the node of the hub that leads a cluster.
func (f *Fleet) Leader() string {
	f.T.Helper()
	for i, hub := range f.Look().Hubs {
		if hub.Leads {
			return HubNodes[i]
		}
	}
	f.T.Fatal("no hub leads")
	return ""
}

// AwaitHubs waits until all hubs of a cluster see each other.
func (f *Fleet) AwaitHubs() {
	f.T.Helper()
	poll.Until(f.T, "all hubs are there", func() bool {
		for _, hub := range f.Look().Hubs {
			if hub.Away {
				return false
			}
		}
		return true
	})
}

// Audit ends a hub of a cluster, checks the whole ledger, and starts the hub again.
func (f *Fleet) Audit() schedule.Tally {
	f.T.Helper()
	const node = "hub-3"
	f.Hubs[node].End()
	dir := filepath.Join(f.Home(node), ".ave/lab/hub")
	self, err := os.Executable()
	if err != nil {
		f.T.Fatal(err)
	}
	args := []string{reexec.Argument(AuditProgram), dir}
	if f.Network != nil {
		args = append(args, f.Network.Address(node))
	}
	out := f.Program(node, self, args...).Output()
	var tally schedule.Tally
	if err := json.Unmarshal([]byte(out), &tally); err != nil {
		f.T.Fatalf("%v in %s", err, out)
	}
	f.LaunchHub(node)
	return tally
}

// AuditProgram is the name of [AuditCluster] for package reexec.
const AuditProgram = "audit"

// AuditCluster prints what the ledger has of the cluster of a hub that does not run:
// DIR [LISTEN].
func AuditCluster(args []string) error {
	o := hub.Options{Dir: args[0], Listen: "127.0.0.1", Keys: true}
	if len(args) > 1 {
		o.Listen = args[1]
	}
	var err error
	if o.Cluster, err = hub.ReadCluster(o.Dir); err != nil {
		return err
	}
	tally, err := hub.Audit(context.Background(), o)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(tally)
}

// Package netlab makes hosts without hosts: network namespaces of Linux that are connected
// by a bridge. Programs in them see a network of their own, whose links a test can cut and
// restore. It needs root and the program ip; without them the test is skipped.
package netlab

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Lab is a hub and some hosts, each in a namespace.
type Lab struct {
	t      testing.TB
	prefix string // of the names of the namespaces, which are global
	nodes  map[string]int
}

// Hub is the name of the node that the links of all hosts lead to.
const Hub = "hub"

const network = "10.77.0."

// New makes a lab. It is removed when the test has ended.
func New(t testing.TB, hosts ...string) *Lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("making network namespaces needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("making network namespaces needs the program ip: install iproute2")
	}
	l := &Lab{t: t, prefix: "ave" + strings.ToLower(rand.Text()[:6]), nodes: map[string]int{Hub: 1}}
	if out, err := exec.Command("ip", "netns", "add", l.namespace(Hub)).CombinedOutput(); err != nil {
		t.Skipf("network namespaces are not allowed here: %s", out)
	}
	t.Cleanup(func() { l.remove(Hub) })
	in := l.namespace(Hub)
	l.ip("-n", in, "link", "set", "lo", "up")
	l.ip("-n", in, "link", "add", "br0", "type", "bridge")
	l.ip("-n", in, "addr", "add", l.Address(Hub)+"/24", "dev", "br0")
	l.ip("-n", in, "link", "set", "br0", "up")
	for i, host := range hosts {
		l.nodes[host] = i + 11
		l.add(host)
	}
	return l
}

// add makes the namespace of a host, and its link: at the hub the link has the host's name.
func (l *Lab) add(host string) {
	l.t.Helper()
	in, hub := l.namespace(host), l.namespace(Hub)
	l.ip("netns", "add", in)
	l.t.Cleanup(func() { l.remove(host) })
	l.ip("-n", in, "link", "set", "lo", "up")
	l.ip("-n", hub, "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", in)
	l.ip("-n", hub, "link", "set", host, "master", "br0", "up")
	l.ip("-n", in, "addr", "add", l.Address(host)+"/24", "dev", "eth0")
	l.ip("-n", in, "link", "set", "eth0", "up")
}

func (l *Lab) namespace(node string) string { return l.prefix + "-" + node }

// Address is the IP address of a node.
func (l *Lab) Address(node string) string { return fmt.Sprintf("%s%d", network, l.nodes[node]) }

// Command is a program in a node's namespace.
func (l *Lab) Command(node, program string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", l.namespace(node), program}, args...)...)
}

// Cut takes down the link of a host.
func (l *Lab) Cut(host string) {
	l.t.Helper()
	l.ip("-n", l.namespace(Hub), "link", "set", host, "down")
}

// Restore brings the link of a host up again.
func (l *Lab) Restore(host string) {
	l.t.Helper()
	l.ip("-n", l.namespace(Hub), "link", "set", host, "up")
}

// CutBetween stops everything between two hosts; their links to others stay as they are.
func (l *Lab) CutBetween(a, b string) {
	l.t.Helper()
	l.ip("-n", l.namespace(a), "route", "add", "blackhole", l.Address(b))
	l.ip("-n", l.namespace(b), "route", "add", "blackhole", l.Address(a))
}

// RestoreBetween ends what CutBetween has begun.
func (l *Lab) RestoreBetween(a, b string) {
	l.t.Helper()
	l.ip("-n", l.namespace(a), "route", "del", "blackhole", l.Address(b))
	l.ip("-n", l.namespace(b), "route", "del", "blackhole", l.Address(a))
}

func (l *Lab) ip(args ...string) {
	l.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		l.t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// remove ends what still runs in a namespace, and removes it.
func (l *Lab) remove(node string) {
	in := l.namespace(node)
	if pids, err := exec.Command("ip", "netns", "pids", in).Output(); err == nil {
		for pid := range strings.FieldsSeq(string(pids)) {
			_ = exec.Command("kill", "-KILL", pid).Run()
		}
	}
	_ = exec.Command("ip", "netns", "del", in).Run()
}

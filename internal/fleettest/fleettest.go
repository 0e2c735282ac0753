// Package fleettest starts whole fleets for tests: a hub and hosts, each a process of the
// program avelab with a home of its own, and users who run avescript. With namespaces the
// processes are on different hosts as far as the network is concerned.
package fleettest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"avescript/core/process"
	"avescript/internal/built"
	"avescript/internal/netlab"
	"avescript/internal/poll"
)

// Fleet is a hub with hosts.
type Fleet struct {
	T       testing.TB
	Network *netlab.Lab         // nil if all processes are on the loopback
	Hub     *Program            // nil if there is a cluster
	Hubs    map[string]*Program // of a cluster, by node
	Hosts   map[string]*Program

	root string // has a home for each node
	bin  string // has the programs
	port string
}

// build compiles the programs once for all tests of a process.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fleet-programs-")
	if err != nil {
		return "", err
	}
	return dir, built.Into(dir, "avescript", "avelab")
})

// Clean removes the compiled programs, at the end of TestMain.
func Clean() {
	if dir, err := build(); err == nil {
		_ = os.RemoveAll(dir)
	}
}

// Start starts a hub, with keys, and hosts that join it. If network is not nil, its nodes must
// have the names of the hosts.
func Start(t testing.TB, network *netlab.Lab, hosts ...string) *Fleet {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	f := &Fleet{T: t, Network: network, Hosts: map[string]*Program{}, root: t.TempDir(), bin: bin, port: freePort(t)}
	f.StartHub()
	for _, host := range hosts {
		f.Join(host)
	}
	return f
}

// freePort is a port that nobody listens on now. The hub gets the same one again when it is
// started again, so it cannot choose one itself.
func freePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}

// StartHub starts the hub, or starts it again with the state that it had.
func (f *Fleet) StartHub(args ...string) {
	f.T.Helper()
	listen := "127.0.0.1"
	if f.Network != nil {
		listen = f.Network.Address(netlab.Hub)
	}
	f.Hub = f.Avelab(netlab.Hub, append([]string{"start", "--listen=" + listen, "--name=" + listen, "--port=" + f.port, "--page-port=-1"}, args...)...)
	f.Hub.Start()
	f.Hub.Line(`join (tls:\S+)`)
}

// Join starts a host. The first time it gets an invitation.
func (f *Fleet) Join(host string, args ...string) *Program {
	f.T.Helper()
	args = append([]string{"join", "--dir=" + filepath.Join(f.Home(host), ".ave/lab/host")}, args...)
	if os.Getuid() == 0 {
		args = append(args, "--account=root")
	}
	if _, err := os.Stat(filepath.Join(f.Home(host), ".ave/lab/worker.json")); err != nil {
		args = append(args, f.Invite("worker", host), "--name="+host)
	}
	f.Hosts[host] = f.Avelab(host, args...)
	f.Hosts[host].Start()
	f.Hosts[host].Line(`This host works for`)
	return f.Hosts[host]
}

// Invite makes a line with which somebody joins once.
func (f *Fleet) Invite(role, name string) string {
	f.T.Helper()
	out := f.Avelab(netlab.Hub, "invite", "--role="+role, "--name="+name).Output()
	line := regexp.MustCompile(`tls://\S+`).FindString(out)
	if line == "" {
		f.T.Fatalf("an invitation has no line: %s", out)
	}
	return line
}

// Home is the home of the user of a node.
func (f *Fleet) Home(node string) string {
	home := filepath.Join(f.root, node)
	if err := os.MkdirAll(home, 0o755); err != nil {
		f.T.Fatal(err)
	}
	return home
}

// Avelab is the program avelab on a node.
func (f *Fleet) Avelab(node string, args ...string) *Program {
	return f.Program(node, filepath.Join(f.bin, "avelab"), args...)
}

// Avescript is the program avescript on a node.
func (f *Fleet) Avescript(node string, args ...string) *Program {
	return f.Program(node, filepath.Join(f.bin, "avescript"), args...)
}

// Program is a program on a node.
func (f *Fleet) Program(node, path string, args ...string) *Program {
	command := exec.Command(path, args...)
	if f.Network != nil {
		command = f.Network.Command(node, path, args...)
	}
	home := f.Home(node)
	command.Dir = home
	command.Env = append(os.Environ(), "HOME="+home, "PATH="+f.bin+":"+os.Getenv("PATH"))
	p := &Program{Command: command, t: f.T, name: node + ": " + filepath.Base(path) + " " + strings.Join(args, " ")}
	command.Stdout, command.Stderr = &p.output, &p.output
	return p
}

// Program is a process of a fleet.
type Program struct {
	Command *exec.Cmd

	t      testing.TB
	name   string
	output buffer
	ended  chan struct{}
	err    error
}

// Start starts the program. It is killed when the test has ended.
func (p *Program) Start() *Program {
	p.t.Helper()
	if err := p.Command.Start(); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	p.ended = make(chan struct{})
	go func() {
		p.err = p.Command.Wait()
		close(p.ended)
	}()
	p.t.Cleanup(func() {
		p.Kill()
		if p.t.Failed() {
			p.t.Logf("%s:\n%s", p.name, p.output.String())
		}
	})
	return p
}

// Output runs the program, and returns what it has written. It must succeed.
func (p *Program) Output() string {
	p.t.Helper()
	if status := p.Status(); status != 0 {
		p.t.Fatalf("%s: status %d\n%s", p.name, status, p.output.String())
	}
	return p.output.String()
}

// runTime is how long a run of many tests may take on a busy machine.
const runTime = 4 * time.Minute

// Status runs the program, or waits for the end of one that was started, and returns its
// exit status.
func (p *Program) Status() int {
	p.t.Helper()
	if p.ended == nil {
		p.Start()
	}
	select {
	case <-p.ended:
	case <-time.After(runTime):
		p.t.Fatalf("%s: gave up waiting until it has ended", p.name)
	}
	return p.Command.ProcessState.ExitCode()
}

// HasEnded tells whether the program has ended.
func (p *Program) HasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Text is what the program has written so far.
func (p *Program) Text() string { return p.output.String() }

// Line waits until the output matches a pattern, and returns its first group, or else all of
// the match.
func (p *Program) Line(pattern string) string {
	p.t.Helper()
	form := regexp.MustCompile(pattern)
	var found []string
	if !poll.Holds(func() bool {
		found = form.FindStringSubmatch(p.output.String())
		return found != nil || p.HasEnded()
	}) || found == nil {
		p.t.Fatalf("%s: gave up waiting for %q in\n%s", p.name, pattern, p.output.String())
	}
	return found[len(found)-1]
}

// Signal sends a signal to the program alone.
func (p *Program) Signal(s syscall.Signal) { _ = p.Command.Process.Signal(s) }

// Kill kills the program alone, and waits for its end.
func (p *Program) Kill() {
	p.Signal(syscall.SIGCONT)
	_ = p.Command.Process.Kill()
	<-p.ended
}

// End asks the program to end, and waits for it.
func (p *Program) End() {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	poll.Until(p.t, p.name+" has ended", p.HasEnded)
}

// Tree lists the processes below the program.
func (p *Program) Tree() []int {
	pids := []int{}
	for todo := []int{p.Command.Process.Pid}; len(todo) > 0; todo = todo[1:] {
		children, _ := process.Children(todo[0])
		for _, child := range children {
			pids, todo = append(pids, child.PID), append(todo, child.PID)
		}
	}
	return pids
}

// buffer is a bytes.Buffer that several goroutines use.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String is all that was written.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

package host

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/profile"
	"avescript/internal/goroutines"
	"avescript/internal/poll"
)

// broker is a running broker.
type broker struct {
	*testing.T
	home   string
	run    func(action string) ([]byte, error) // of scripts/broker.lua
	client *control.Client
}

const equipment = `[{"type": "relay", "uid": "r-1"}, {"type": "command", "name": "machine", "command": ["sh", "-c"]}]`

// newBroker starts a broker as people do.
func newBroker(t *testing.T) *broker {
	t.Helper()
	home := t.TempDir()
	dir := filepath.Join(home, ".ave", "config")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	port := connection.Address{Port: freePort(t)}
	account := ""
	if os.Geteuid() == 0 {
		account = `"account": "root", `
	}
	for name, text := range map[string]string{
		"broker":    fmt.Sprintf(`{"port": %d, "authkey": "key", %s"equipment": %s}`, port.Port, account, equipment),
		"authkeys":  `{"admin": "admin", "share": null}`,
		"workspace": `{}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script, err := filepath.Abs("../../../scripts/broker.lua")
	if err != nil {
		t.Fatal(err)
	}
	run := func(action string) ([]byte, error) {
		return exec.Command(program(t), script, action, "--home", home).CombinedOutput()
	}
	if out, err := run("--start"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b := &broker{t, home, run, control.NewClient(control.ClientOptions{Address: connection.Address{Host: "127.0.0.1", Port: port.Port}, Authkey: "key", Timeout: time.Minute})}
	t.Cleanup(func() {
		b.client.Close()
		if out, err := run("--stop"); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return b
}

func freePort(t *testing.T) int {
	t.Helper()
	p := newProxy(t, "nats://127.0.0.1:1")
	_, port, _ := strings.Cut(strings.TrimPrefix(p.url, "nats://"), ":")
	p.listener.Close()
	return number(t, port)
}

// call calls the broker as another client.
func (b *broker) call(method, args string) string {
	b.Helper()
	text, err := b.client.Call(context.Background(), method, json.RawMessage(args), nil, time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

// state is that of the relay.
func (b *broker) state() string {
	b.Helper()
	var inventory struct {
		Equipment []struct {
			State string     `json:"state"`
			Token wire.Token `json:"token"`
		} `json:"equipment"`
	}
	if err := json.Unmarshal([]byte(b.call("inventory", "[]")), &inventory); err != nil {
		b.Fatal(err)
	}
	return inventory.Equipment[0].State
}

func wants(t *testing.T) []wire.Want {
	t.Helper()
	var all []wire.Want
	for _, text := range []string{`{"type": "relay"}`, `{"type": "command"}`} {
		p, err := profile.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		kind, _ := p.Get("type")
		all = append(all, wire.Want{Name: strings.Trim(string(kind), `"`), Profile: p})
	}
	return all
}

// equipped is a test that uses its equipment, and then does something.
func equipped(then string) string {
	return `
local ave = require("ave")
describe("equipment", function()
	local relay = test.equipment("relay", { type = "relay" })
	local command = test.equipment("command", { type = "command" })
	it("is used", function()
		assert.equal("r-1", relay.profile.uid)
		assert.equal(0, command:run("true"))
		` + then + `
	end)
end)`
}

func needing(t *testing.T) func(*wire.Run, []wire.Job) {
	all := wants(t)
	return func(_ *wire.Run, jobs []wire.Job) {
		for i := range jobs {
			jobs[i].Needs.Equipment = all
		}
	}
}

func (l *lab) withBroker(b *broker, name string) *machine {
	l.Helper()
	m := l.host(name, func(o *Options) { o.Broker = b.home })
	if n := len(l.hub.View().Pieces); n != 2 {
		l.Fatalf("after the first heartbeat %d pieces are known, want 2", n)
	}
	return m
}

// TestEquipment: a job has its equipment, and others have it afterwards.
func TestEquipment(t *testing.T) {
	t.Parallel()
	l, b := newLab(t), newBroker(t)
	l.withBroker(b, "one")
	files := map[string]string{"a_test.lua": equipped(""), "b_test.lua": equipped(""), "c_test.lua": equipped("")}
	for i, n := range l.submit(files, needing(t)).over() {
		if !outcome(n).Passed {
			t.Errorf("job %d: got %+v", i, outcome(n))
		}
	}
	if state := b.state(); state != "free" {
		t.Errorf("the relay is %s", state)
	}
}

// TestBusy: somebody without the fleet has the equipment; the job waits.
func TestBusy(t *testing.T) {
	t.Parallel()
	l, b := newLab(t), newBroker(t)
	l.withBroker(b, "one")
	b.call("lease", `[[{"type": "relay"}], "by hand"]`)
	r := l.submit(map[string]string{"a_test.lua": equipped("")}, needing(t))
	poll.Until(t, "the fleet knows", func() bool {
		for _, p := range l.hub.View().Pieces {
			if p.State == "taken" {
				return true
			}
		}
		return false
	})
	b.call("yield_resources", "[]")
	if o := outcome(r.over()[0]); !o.Passed {
		t.Errorf("got %+v", o)
	}
	for _, n := range r.of(wire.NoteReturned) {
		if outcome(n).Status != wire.Busy {
			t.Errorf("got %+v", outcome(n))
		}
	}
}

// TestStoppedWithEquipment suspends a host: its equipment is free although its process
// cannot give it back.
func TestStoppedWithEquipment(t *testing.T) {
	t.Parallel()
	l, b := newLab(t), newBroker(t)
	m := l.withBroker(b, "one")
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": equipped(fmt.Sprintf(`
		if not io.open(%[1]q) then
			io.open(%[1]q, "w"):close()
			ave.time.sleep(600)
		end`, dir+"/started"))}, needing(t))
	l.until(dir + "/started")
	m.signal(syscall.SIGSTOP)
	m.goneWithin(wire.LostAfter)
	poll.Until(t, "the equipment is free", func() bool { return b.state() == "free" })
	m.signal(syscall.SIGCONT)
	if o := outcome(r.over()[0]); !o.Passed {
		t.Errorf("got %+v", o)
	}
}

// TestLeaseLost: the broker gives the equipment to a later claim, and the job ends.
func TestLeaseLost(t *testing.T) {
	t.Parallel()
	l, b := newLab(t), newBroker(t)
	m := l.withBroker(b, "one")
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": equipped(fmt.Sprintf(`
		if not io.open(%[1]q) then
			io.open(%[1]q, "w"):close()
			ave.time.sleep(600)
		end`, dir+"/started"))}, needing(t))
	l.until(dir + "/started")
	later := r.await(wire.NoteStarted, 1)[0].Token
	later.Index += 100
	b.call("claim", `[[{"type": "relay"}], "`+later.String()+`", "a later claim"]`)
	n := r.await(wire.NoteReturned, 1)[0]
	if o := outcome(n); o.Status != wire.Died || !strings.Contains(o.Message, "the broker has ended the lease") {
		t.Errorf("got %+v", o)
	}
	m.goneWithin(wire.LostAfter)
}

// TestTokensOfAnEarlierLab: the broker knows higher tokens than a new hub gives, and its
// equipment can be leased nevertheless.
func TestTokensOfAnEarlierLab(t *testing.T) {
	l, b := newLab(t), newBroker(t)
	b.call("claim", `[[{"type": "relay"}], "5000000.0"]`)
	b.call("yield_resources", `[]`)
	l.withBroker(b, "one")
	r := l.submit(map[string]string{"a_test.lua": equipped("")}, needing(t))
	if o := outcome(r.over()[0]); !o.Passed {
		t.Errorf("got %+v", o)
	}
}

// TestStoppedBroker: a broker that stands still ends nothing, and neither does the host.
func TestStoppedBroker(t *testing.T) {
	l, b := newLab(t), newBroker(t)
	l.withBroker(b, "one")
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": equipped(fmt.Sprintf(`
		io.open(%[1]q, "w"):close()
		eventually(function() return io.open(%[2]q) end, { timeout = 60 })
		assert.equal(0, command:run("true"))`, dir+"/started", dir+"/end"))}, needing(t))
	l.until(dir + "/started")
	out, err := b.run("--status")
	found := regexp.MustCompile(`process (\d+)`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("%v: %s", err, out)
	}
	process, _ := os.FindProcess(number(t, string(found[1])))
	_ = process.Signal(syscall.SIGSTOP)
	stopped := time.Now()
	poll.Until(t, "the broker was stopped for long", func() bool { return time.Since(stopped) > 2*seconds(wire.LeaseContact) })
	_ = process.Signal(syscall.SIGCONT)
	b.call("inventory", "[]")
	if err := os.WriteFile(dir+"/end", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n := r.over()[0]
	if o := outcome(n); !o.Passed || n.Attempt != 1 {
		t.Errorf("got attempt %d: %+v", n.Attempt, o)
	}
}

// TestHold: a client has equipment without a test, until it does not answer any more.
func TestHold(t *testing.T) {
	t.Parallel()
	l, b := newLab(t), newBroker(t)
	l.withBroker(b, "one")
	inbox := l.user.Conn.NewInbox()
	questions, err := l.user.Conn.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	r := l.send(wire.Run{ID: wire.NewRunID(), Kind: wire.Hold, Inbox: inbox}, []wire.Job{{Name: "by hand", Needs: wire.Needs{Equipment: wants(t)}}})
	for n := range 3 {
		m, err := questions.NextMsg(30 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			var leases wire.Leases
			if err := json.Unmarshal(m.Data, &leases); err != nil || len(leases.Leases) != 2 || leases.Leases[1].Port == 0 || leases.Leases[1].Key == "" {
				t.Errorf("got %s, %v", m.Data, err)
			}
		} else if string(m.Data) != wire.HoldBeat {
			t.Errorf("got %s", m.Data)
		}
		if err := m.RespondMsg(link.Message(m.Reply, []byte(wire.HoldBeat))); err != nil {
			t.Fatal(err)
		}
		if state := b.state(); state != "leased" {
			t.Errorf("the relay is %s", state)
		}
	}
	if o := outcome(r.over()[0]); o.Status != wire.Done {
		t.Errorf("got %+v", o)
	}
	if state := b.state(); state != "free" {
		t.Errorf("the relay is %s", state)
	}
}

// TestDropDoesNotWait: a job is ended although its equipment is being given back and the broker
// does not answer.
func TestDropDoesNotWait(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := connection.Address{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port}
	e := &leased{client: control.NewClient(control.ClientOptions{Address: address, Authkey: "key", Timeout: time.Minute})}
	e.gone, e.end = context.WithCancel(t.Context())
	given := make(chan struct{})
	go func() {
		defer close(given)
		e.giveBack()
	}()
	goroutines.AwaitBlocked(t, "host.(*leased).giveBack")
	dropped := make(chan struct{})
	go func() {
		defer close(dropped)
		e.drop()
	}()
	select {
	case <-dropped:
	case <-time.After(brokerClose / 2):
		t.Error("it waits for the broker")
	}
	<-given
}

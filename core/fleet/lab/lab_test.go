package lab

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/profile"
	"avescript/internal/poll"
)

func TestTable(t *testing.T) {
	relay, err := profile.New(map[string]any{"type": "relay", "uid": "r-1"})
	if err != nil {
		t.Fatal(err)
	}
	piece := func(state string) wire.LabPiece {
		return wire.LabPiece{Host: "lab-1", Piece: wire.Piece{Profile: relay}, State: state, Since: 99990}
	}
	held, taken := piece("held"), piece("taken")
	held.Run, held.Job, held.User = "r1", "a.lua", "alice"
	taken.Holder, taken.Reason = "bob\x1b", "by\nhand"
	lab := &wire.Lab{
		Time: 100000, Hub: "hub", Done: 7,
		Hosts: []wire.LabHost{
			{Name: "lab-1", State: "up", Since: 99900, Cores: 4, Used: 1, Load: 0.5, Free: 2 << 30, Version: "1.0", Tags: []string{"os=debian12"},
				Jobs: []wire.LabJob{{Run: "r1", Index: 3, Name: "a.lua", User: "alice", Test: "is\x1b[2J fast", Since: 99997, Attempt: 2}}},
			{Name: "lab-2", State: "lost", Since: 99940, Cores: 2, Reason: "silent for 3s", Broker: "no\nanswer"},
		},
		Pieces: []wire.LabPiece{held, taken},
		Queue:  []wire.LabWait{{Run: "r2", User: "bob", Jobs: 2, First: "b.lua", Since: 99999, Why: "2 relays on one host: lab-1 busy"}},
		Runs: []wire.LabRun{
			{Run: "r0", State: "passed", User: "alice", Submitted: 90000, Ended: 91000, Jobs: 1, Done: 1, Title: "old"},
			{Run: "r1", State: "running", User: "alice", Submitted: 99995, Jobs: 5, Done: 2, Bad: 1, Deaths: 1, Title: "test"},
			{Run: "r2", State: "waiting", User: "bob", Submitted: 99999, Jobs: 2, Kind: wire.Tests},
		},
	}
	const want = `Hub hub: 1 host, 1 of 4 cores in use, 2 jobs wait, 7 done, 1 host lost

HOST   STATE  FOR    CORES  LOAD  FREE  VERSION  TAGS
lab-1  up     1m40s  1/4    0.5   2G    1.0      os=debian12
  job 3 a.lua of r1, for 3.0s, by alice, attempt 2: is\x1b[2J fast
lab-2  lost   1m00s  0/2    0.0   0B    -        -
  reason: silent for 3s
  broker: no\nanswer

EQUIPMENT
HOST   STATE  FOR  UNTIL  WHO      PIECE                         WHY
lab-1  held   10s  -      alice    {"type":"relay","uid":"r-1"}  a.lua of r1
lab-1  taken  10s  -      bob\x1b  {"type":"relay","uid":"r-1"}  by\nhand

QUEUE
RUN  USER  JOBS  FOR   FIRST  WHY
r2   bob   2     1.0s  b.lua  2 relays on one host: lab-1 busy

RUNS
RUN  STATE    USER   DONE  BAD         AGE   TITLE
r2   waiting  bob    0/2   0           1.0s  tests
r1   running  alice  2/5   1 (1 lost)  5.0s  test
`
	var got strings.Builder
	if err := WriteTable(&got, lab, 0); err != nil || got.String() != want {
		t.Errorf("got %v\n%s\nwanted\n%s", err, got.String(), want)
	}
	got.Reset()
	lab = &wire.Lab{Hub: "hub-1", Hubs: []wire.LabHub{{Name: "hub-1:4222", Leads: true}, {Name: "hub-2:4300"}, {Name: "hub-3:4222", Away: true}}}
	const hubs = "done\nHubs: hub-1 leads, hub-2:4300 is connected, hub-3 cannot be reached\n\n"
	if err := WriteTable(&got, lab, 0); err != nil || !strings.Contains(got.String(), hubs) {
		t.Errorf("a cluster: got %v\n%s\nwanted %q", err, got.String(), hubs)
	}
	got.Reset()
	if err := WriteTable(&got, &wire.Lab{Hub: "hub"}, 0); err != nil || !strings.Contains(got.String(), "No host has joined yet") {
		t.Errorf("an empty lab: got %v\n%s", err, got.String())
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"alice": "alice", "DOMAIN\\alice": "DOMAIN-alice", "a.b c": "a-b-c", "": "other", "..": "other",
		strings.Repeat("x", 80): strings.Repeat("x", 63), "_x_": "x",
	} {
		got := nameOf(text, "other")
		if got != want || wire.CheckName(got) != nil {
			t.Errorf("%q: got %q, wanted %q", text, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "512": 512, "4K": 4 << 10, "8G": 8 << 30, "8GiB": 8 << 30, "1T": 1 << 40} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"G", "-1", "1.5G", "8X", "99999999999T"} {
		if _, err := ParseSize(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestFind(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv(link.EnvFile, "")
	if _, err := Find(Looking...); err == nil || !strings.Contains(err.Error(), "has not joined a lab as user") {
		t.Errorf("no file: got %v", err)
	}
	admin := link.Config{URL: "nats://127.0.0.1:1", Role: wire.Admin, Name: "root"}
	path := filepath.Join(home, "elsewhere.json")
	if err := admin.Write(path); err != nil {
		t.Fatal(err)
	}
	t.Setenv(link.EnvFile, path)
	admin.File = path
	if got, err := Find(Operating...); err != nil || got != admin {
		t.Errorf("a named file: got %+v, %v", got, err)
	}
	if _, err := Find(wire.Viewer); err == nil || !strings.Contains(err.Error(), "wanted that of viewer") {
		t.Errorf("a file of another role: got %v", err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(Operating...); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("a damaged file: got %v", err)
	}
}

// safe is a buffer that two goroutines use.
type safe struct {
	lines chan string
}

func (s *safe) Write(b []byte) (int, error) {
	s.lines <- string(bytes.TrimSpace(b))
	return len(b), nil
}

func TestHostDir(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	for uid, want := range map[int]string{0: "/var/lib/avelab-host", 1000: "/home/ann/.ave/lab/host"} {
		if dir, err := defaultHostDir(uid); dir != want {
			t.Errorf("%d: got %s, %v", uid, dir, err)
		}
	}
}

func TestLeave(t *testing.T) {
	dir := t.TempDir()
	if err := Leave(t.Context(), dir, &safe{}); err == nil || !strings.Contains(err.Error(), "no host process runs here") {
		t.Errorf("nobody is there: got %v", err)
	}
	door, err := openDoor(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openDoor(dir); err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Errorf("a second process: got %v", err)
	}
	said := &safe{make(chan string, 1)}
	left := make(chan error, 1)
	go func() { left <- Leave(t.Context(), dir, said) }()
	<-door.leave
	<-said.lines
	select {
	case err := <-left:
		t.Errorf("leave did not wait for the end of the process: %v", err)
	default:
	}
	door.close()
	if err := <-left; err != nil {
		t.Error(err)
	}
	door, err = openDoor(dir) // what is left of the socket is no hindrance
	if err != nil {
		t.Fatal(err)
	}
	defer door.close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { left <- Leave(ctx, dir, said) }()
	<-said.lines
	cancel()
	if err := <-left; err == nil {
		t.Error("leave goes on after its end")
	}
}

// The socket of a process that was killed while it started a job is open for a moment.
func TestAPredecessorLingers(t *testing.T) {
	dir := t.TempDir()
	left, err := net.Listen("unix", doorPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		conn, err := left.Accept()
		if err == nil {
			conn.Close()
		}
		left.Close()
	}()
	door, err := openDoor(dir)
	if err != nil {
		t.Fatal(err)
	}
	door.close()
}

func TestAHostIsGivenTimeToEnd(t *testing.T) {
	again := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	end := soon(ctx, again)
	cancel()
	select {
	case <-end:
		t.Error("it has no time")
	default:
	}
	close(again)
	poll.Until(t, "the second signal ends it", func() bool {
		select {
		case <-end:
			return true
		case <-time.After(time.Millisecond):
			return false
		}
	})
}

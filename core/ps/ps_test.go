package ps

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"avescript/core/control"
)

func TestParseSocket(t *testing.T) {
	for _, test := range []struct {
		line    string
		local   string
		remote  string
		listens bool
	}{
		{"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000", "127.0.0.1:8080", "0.0.0.0:0", true},
		{"   1: 0302A8C0:C000 0402A8C0:0FA0 01 00000000:00000000 02:00000000 00000000  1000        0 4711 2 0000000000000000", "192.168.2.3:49152", "192.168.2.4:4000", false},
		{"   2: 00000000000000000000000001000000:0FA0 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1", "[::1]:4000", "[::]:0", true},
		{"   3: 0000000000000000FFFF00000100007F:0FA0 0000000000000000FFFF00000100007F:C001 01 00000000:00000000 00:00000000 00000000 0 0 4711 1", "127.0.0.1:4000", "127.0.0.1:49153", false},
	} {
		inode, s, ok := parseSocket(test.line)
		if !ok || inode != "4711" || s.local.String() != test.local || s.remote.String() != test.remote || s.listens != test.listens {
			t.Errorf("%s: got %q, %v, %v", test.line, inode, s, ok)
		}
	}
	for _, line := range []string{
		"", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
		"0: 0100:1F90 0100:0 0A 0 0 0 0 0 4711", "0: 0100007F 00000000:0000 0A 0 0 0 0 0 4711", "0: 01000:1 00000000:0000 0A 0 0 0 0 0 4711",
	} {
		if _, _, ok := parseSocket(line); ok {
			t.Errorf("%q was taken for a socket", line)
		}
	}
}

func TestPeer(t *testing.T) {
	local := netip.MustParseAddrPort("127.0.0.1:50000")
	s := &sockets{ends: map[end]Peer{{local, 4000}: {"ave-Client", 17, "lab"}}}
	if p := s.peer(&[2]any{"127.0.0.1", 50000.0}, 4000); p == nil || p.PID != 17 {
		t.Errorf("got %v", p)
	}
	for _, other := range []*[2]any{nil, {"127.0.0.1", 50001.0}, {"127.0.0.2", 50000.0}, {"lab", 50000.0}, {nil, "x"}} {
		if p := s.peer(other, 4000); p != nil {
			t.Errorf("%v is no process here, got %v", other, p)
		}
	}
	if p := s.peer(&[2]any{"127.0.0.1", 50000.0}, 4001); p != nil {
		t.Errorf("another service's client: got %v", p)
	}
}

func TestTable(t *testing.T) {
	list := []Process{
		{
			Name: "ave-Lab", PID: 7, Account: "lab", Ports: []int{4000, 4001}, Uptime: 3723, Memory: 30 << 20,
			Service: &Service{Connections: 2, Queue: 1, Ongoing: []Call{
				{OngoingCall: control.OngoingCall{Number: 3, Method: "wait\x1b", Client: [2]any{"10.0.0.1", 5.0}, Accounts: []string{"admin"}, Seconds: 1.25}},
				{OngoingCall: control.OngoingCall{Number: 4, Method: "next", Client: [2]any{"::1", 6.0}, Waiting: true}, Process: &Peer{"ave-C", 8, "lab"}},
				{OngoingCall: control.OngoingCall{Number: 5, Method: "get", Client: [2]any{"10.0.0.2", 7.0}}, Claims: &control.Claims{Name: "ave-D\x1b", PID: 9, Account: "ma\nry"}},
			}, Leases: []Lease{{Lease: []byte("1"), Profile: []byte(`{}`), Since: float64(time.Now().Add(-48 * time.Hour).Unix()), Reason: "x\ny"}}},
		},
		{Name: "avescript", Script: "日本.lua", PID: 1234567, Account: "root", Error: "no\nanswers"},
	}
	const wanted = `PID      NAME                ACCOUNT  PORT       UPTIME  MEMORY  CLIENTS  QUEUE
7        ave-Lab             lab      4000,4001  1h02m   30M     2        1
  call 3 wait\x1b, for 1.2s, by admin at 10.0.0.1:5
  call 4 next, for 0.0s, by ::1:6, ave-C (8) of lab, waiting for its turn
  call 5 get, for 0.0s, by 10.0.0.2:7, says it is ave-D\x1b (9) of ma\nry on ?
  lease 1 {}, for 2d00h, being closed: x\ny
1234567  avescript 日本.lua  root     -          0.0s    -       -        -
  incomplete: no\nanswers
`
	var got strings.Builder
	if err := WriteTable(&got, list, 0); err != nil || got.String() != wanted {
		t.Errorf("got\n%s\nwanted\n%s", got.String(), wanted)
	}
	got.Reset()
	if err := WriteTable(&got, list[1:], 24); err != nil || got.String() != "PID      NAME          …\n1234567  avescript 日本…\n  incomplete: no\\nanswe…\n" {
		t.Errorf("got\n%s", got.String())
	}
}

func TestChoose(t *testing.T) {
	process := func(pid int, account string, uids ...int) candidate {
		return candidate{Process{PID: pid, Name: "ave-Lab", Account: account}, uids}
	}
	ours, labs := process(7, "root", 0, 0), process(8, "lab", 1000, 0)
	mallorys, inherited := process(9, "mallory", 1001, 1001), process(10, "root", 1001, 0)
	for _, test := range []struct {
		service string
		found   []candidate
		want    any
	}{
		{"ave-Lab", []candidate{ours}, 7},
		{"ave-Lab", []candidate{mallorys, labs, inherited}, 8},
		{"9", []candidate{mallorys}, 9},
		{"ave-Lab", []candidate{mallorys, inherited}, `"ave-Lab" is the name of process 9 of mallory, process 10 of root: wanted a process of root or 99999, with a socket of that user; if that is the service, give its pid`},
		{"ave-Lab", []candidate{ours, mallorys, labs}, `there are 2 services "ave-Lab": give the pid of one, 7, 8`},
	} {
		users := []int{0, 1000}
		if text, failed := test.want.(string); failed {
			if strings.Contains(text, "99999") {
				users = []int{0, 99999}
			}
			if p, err := choose(test.service, test.found, users); err == nil || err.Error() != text {
				t.Errorf("%s: got %v, %v", test.service, p, err)
			}
		} else if p, err := choose(test.service, test.found, users); err != nil || p.PID != test.want {
			t.Errorf("%s: got %v, %v", test.service, p, err)
		}
	}
}

func TestMayHaveKey(t *testing.T) {
	for _, test := range []struct {
		uid, user int
		makers    []int
		want      bool
	}{
		{1000, 1000, []int{1000, 0}, true},
		{1000, 1000, []int{1000, 1001}, false},
		{1000, 1001, []int{1001}, false},
		{1000, 0, []int{0}, false},
		{0, 0, []int{0}, true},
		{0, 0, []int{1001}, false},
	} {
		if got := mayHaveKey(test.uid, test.user, test.makers); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

// What a service tells of its clients may be no address.
func TestClientsThatAreNoAddress(t *testing.T) {
	for _, odd := range [][2]any{{[]any{}, 1.0}, {"10.0.0.2", map[string]any{}}, {nil, nil}} {
		known := &clients{sockets: &sockets{}, claim: []control.Claimant{{Client: odd}}}
		if p, claims := known.who(&odd); p != nil || claims != nil {
			t.Errorf("%v: got %v, %v", odd, p, claims)
		}
	}
}

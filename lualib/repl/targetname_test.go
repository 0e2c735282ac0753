package repl

import (
	"testing"

	"avescript/core/control"
)

func TestNameFits(t *testing.T) {
	for _, test := range []struct {
		name, host, port string
		is               state
		width            int
		want             string
	}{
		{"broker", "lab-3", "4000", isUp, 40, "broker@lab-3:4000"},
		{"broker", "lab-3", "4000", isAway, 40, "broker@lab-3:4000 (not connected)"},
		{"broker", "lab-3", "4000", isAway, 30, "broker@lab-3:4000 (off)"},
		{"broker", "lab-3", "4000", isBusy, 30, "broker@lab-3:4000 (busy)"},
		{"", "lab-3", "4000", isUp, 18, "lab-3:4000"},
		{"broker", "lab-3.example.org", "4000", isUp, 20, "broker@lab-3:4000"},
		{"broker", "a-very-long-name.example.org", "4000", isUp, 18, "broker@a-ver…:4000"},
		{"a_long_service_name", "a-very-long-name.example.org", "4000", isUp, 18, "a_long_…@a-v…:4000"},
		{"broker", "192.168.100.200", "4000", isUp, 20, "broker@192.168…:4000"},
		{"broker", "::1", "4000", isUp, 40, "broker@[::1]:4000"},
	} {
		if got := fitName(test.name, test.host, test.port, test.is, test.width); got != test.want {
			t.Errorf("%+v: got %q", test, got)
		}
	}
}

func TestStatText(t *testing.T) {
	s := control.Statistics{
		Uptime: 3723, Goroutines: 9, Connections: 1, Accepted: 3, Calls: 100, Errors: 1,
		Process:   control.ProcessStatistics{Name: "ave-Lab", PID: 7, Account: "lab", Memory: 30 << 20},
		Ongoing:   []control.OngoingCall{{Number: 3, Method: "wait\x1b", Client: [2]any{"10.0.0.1", 5.0}, Accounts: []string{"admin"}, Seconds: 1.25}},
		Limits:    map[string]int64{"max_frame": 2, "max_unread": 0},
		Callbacks: map[string]control.CallbackStatistics{"idle": {Errors: 2, Last: "x.lua:5: no\x1b"}},
		Bounds:    []float64{0.001, 0.01},
		Methods: map[string]control.MethodStatistics{
			"list": {Calls: 100, Errors: 1, Seconds: 0.05, Latency: []int64{98, 2, 0}},
			"wait": {Calls: 1, Seconds: 100, Latency: []int64{0, 0, 1}},
		},
	}
	const wide = `process     ave-Lab (7) of lab
up          1 h 2 min
memory      30 MiB, 9 goroutines
clients     1 now, 3 so far
handshakes  0 failed
calls       100 served, 1 of them failed, 0 refused
limit       max_frame reached 2 times
callback    idle failed 2 times; last error: x.lua:5: no\x1b
under way   3 wait\x1b, for 1.25 s, by 10.0.0.1:5 admin

CALLS  FAILED        MEAN  99% WITHIN  METHOD
  100       1      500 µs     10.0 ms  list
    1       0  1 min 40 s   > 10.0 ms  wait`
	if got := statText(s, 100); got != wide {
		t.Errorf("got\n%s\nwanted\n%s", got, wide)
	}
	const narrow = `
CALLS  FAILED        MEAN  METHOD
  100       1      500 µs  list
    1       0  1 min 40 s  wait`
	if got := statText(s, 40); got[len(got)-len(narrow):] != narrow {
		t.Errorf("got\n%s\nwanted at the end\n%s", got, narrow)
	}
}

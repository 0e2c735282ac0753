package control_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/internal/poll"
)

// A client says who it is in its first call, and the administrator sees it, also after a
// handover.
func TestClientSaysWhoItIs(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	c := newClient(t, s, "")
	for range 2 {
		if got, err := call(c, "echo", "x"); err != nil || got != `"x"` {
			t.Fatalf("got %s, %v", got, err)
		}
	}
	check := func(s *control.Server) {
		t.Helper()
		list := s.Statistics().Claimants
		if len(list) == 0 {
			t.Fatal("wanted a client, got none")
		}
		host, _ := os.Hostname()
		got := list[0] // behind it may be who has taken the service over
		if got.PID != os.Getpid() || got.Account == "" || got.Name == "" || got.Host != host || got.Client[0] != "127.0.0.1" {
			t.Errorf("got %+v", got)
		}
	}
	check(s)
	check(successor(t, s, methods{"echo": echo}, control.Options{}))
}

// A client that has connected again says it once more: it is another connection for the
// service.
func TestClientSaysWhoItIsAgain(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	c := control.NewClient(control.ClientOptions{Address: s.Address(), Timeout: late, Keep: true, Reconnect: true})
	t.Cleanup(func() { c.Close() })
	for connection := range uint64(2) {
		if got, err := call(c, "echo", "x"); err != nil || got != `"x"` {
			t.Fatalf("got %s, %v", got, err)
		}
		if list := s.Statistics().Claimants; len(list) != 1 || list[0].PID != os.Getpid() {
			t.Errorf("connection %d: got the claims %+v", connection+1, list)
		}
		for _, conn := range s.Connections() {
			conn.Close()
		}
		poll.Until(t, "the client notices", func() bool { is, _ := c.Connections(); return !is })
	}
}

func TestClaimsOfStrangersAreBounded(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	long := strings.Repeat("é", 80)
	for claims, want := range map[string]string{
		fmt.Sprintf(`{"name": %q, "pid": 7, "account": "root\u001b[2J", "host": "h", "more": []}`, long): strings.Repeat("é", 64) + "|7|root\x1b[2J|h",
		`{"name": "` + strings.Repeat("x", 2000) + `"}`:                                                  "",
		`{"pid": "7"}`: "",
		`{"pid": 1e9}`: "",
		`{"name": 3}`:  "",
		`[]`:           "", `"x"`: "", `null`: "", `{}`: "", `7`: "",
	} {
		r := dialRaw(t, s).authenticate()
		r.put(strings.Replace(callText("echo", "[1]"), "{", `{"client": `+claims+`, `, 1))
		r.want(`{"result": 1}`)
		got := ""
		for _, c := range s.Statistics().Claimants {
			got = fmt.Sprintf("%s|%d|%s|%s", c.Name, c.PID, c.Account, c.Host)
		}
		if got != want {
			t.Errorf("%s: got %q, wanted %q", claims, got, want)
		}
		// What comes later does not count.
		r.put(strings.Replace(callText("echo", "[2]"), "{", `{"client": {"name": "another"}, `, 1))
		r.want(`{"result": 2}`)
		if list := s.Statistics().Claimants; want != "" && list[0].Name == "another" {
			t.Errorf("%s: a later claim took its place", claims)
		}
		r.Close()
		poll.Until(t, "the client is gone", func() bool { return s.Statistics().Connections == 0 })
	}
}

// A service of the earlier system, which sends no suffix in its challenge, gets a call as
// it knows it.
func TestServicesOfTheEarlierSystemAreToldNothing(t *testing.T) {
	for challenge, told := range map[string]bool{"#CHALLENGE#salt": false, "#CHALLENGE#salt;sha256": true} {
		calls := make(chan string, 2)
		address := stranger(t, func(r *raw) {
			r.put(challenge)
			r.get()
			r.put(`{"authenticated": true}`)
			for range 2 {
				calls <- r.get()
				r.put(`{"result": null}`)
			}
		})
		c := control.NewClient(control.ClientOptions{Address: connection.Address{Host: address.Host, Port: address.Port}, Timeout: late})
		for range 2 {
			if _, err := c.Call(ctx, "echo", nil, nil, late); err != nil {
				t.Fatal(err)
			}
		}
		c.Close()
		first, second := <-calls, <-calls
		plain := callText("echo", "[]")
		if (first == plain) == told || strings.Contains(first, `"client": {"name":`) != told || second != plain {
			t.Errorf("%s: got %s and %s", challenge, first, second)
		}
	}
}

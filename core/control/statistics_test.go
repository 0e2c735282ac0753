package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
)

var failing = method{rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
	return nil, errors.New("no")
}}

func freePort(t *testing.T) int {
	t.Helper()
	l := localListener(t)
	defer l.Close()
	return connection.AddressOf(l.Addr()).Port
}

func TestStatistics(t *testing.T) {
	admin := "admin-key"
	port := freePort(t)
	s, _ := start(t, methods{"echo": echo, "fail": failing}, control.Options{
		Authkey: "k", AltKeys: map[string]*string{"admin": &admin}, MetricsPort: port,
		Callbacks: control.Callbacks{NewConnection: func(context.Context, *control.Conn) error { return errors.New("not \xffready") }},
	})
	c := newClient(t, s, "k")
	for range 3 {
		call(c, "echo", 1)
	}
	call(c, "fail")
	call(c, "no such")
	newClient(t, s, "wrong").Connect(ctx)
	if _, err := call(c, "$statistics"); !errors.Is(err, exceptions.AuthError) || !strings.HasPrefix(err.Error(), "not authorized to make this call: ") {
		t.Errorf("the primary key: got %v", err)
	}

	// The client with the wrong key may still exist for a moment.
	administrator := newClient(t, s, admin)
	var got control.Statistics
	var asked int64
	for deadline := time.Now().Add(late); got.Connections != 2 && time.Now().Before(deadline); asked++ {
		text, err := call(administrator, "$statistics")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
	}
	if got.Connections != 2 || got.Accepted != 3 || got.HandshakeFailures != 1 || got.Calls != 3+asked || got.Errors != 1 || got.Refused != 3 { // with the question for the methods that there are
		t.Errorf("got %+v", got)
	}
	echoed := got.Methods["echo"]
	below := int64(0)
	for _, n := range echoed.Latency {
		below += n
	}
	if echoed.Calls != 3 || below != 3 || len(echoed.Latency) != len(got.Bounds)+1 || echoed.Seconds <= 0 {
		t.Errorf("got %+v", echoed)
	}

	if failed := got.Callbacks["new_connection"]; failed.Errors < 2 || failed.Last != "not ready" {
		t.Errorf("got %+v", got.Callbacks)
	}

	// The last call is counted when its answer is being sent.
	wanted := []string{
		"# TYPE ave_call_duration_seconds histogram",
		"ave_connections 2",
		"ave_handshake_failures_total 1",
		`ave_limit_hits_total{limit="max_frame"} 0`,
		`ave_call_errors_total{method="fail"} 1`,
		`ave_callback_errors_total{callback="new_connection"} 2`,
		`ave_call_duration_seconds_bucket{method="echo",le="+Inf"} 3`,
		fmt.Sprintf(`ave_call_duration_seconds_count{method="$statistics"} %d`, asked),
	}
	var lacking []string
	for deadline := time.Now().Add(late); ; {
		metrics := get(t, port, "/metrics")
		lacking = slices.DeleteFunc(slices.Clone(wanted), func(line string) bool { return strings.Contains(metrics, line+"\n") })
		if len(lacking) == 0 || time.Now().After(deadline) {
			break
		}
	}
	if len(lacking) > 0 {
		t.Errorf("the metrics lack %q", lacking)
	}
}

func get(t *testing.T, port int, path string) string {
	t.Helper()
	body, err := tryGet(port, path)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func tryGet(port int, path string) (string, error) {
	client := http.Client{Timeout: late, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return string(body), err
}

func TestMetricsPortIsTaken(t *testing.T) {
	s, _ := start(t, methods{}, control.Options{})
	port := s.Address().Port
	_, err := control.NewServer(methods{}, control.Options{MetricsPort: port})
	if want := fmt.Sprintf("metrics: listen on port %d: address already in use", port); fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDescription(t *testing.T) {
	stuck := make(chan bool)
	s, _ := start(t, methods{"stuck": {rpc, func(context.Context, *control.Conn, *control.Call) (any, error) {
		stuck <- true
		<-stuck
		return nil, nil
	}}}, control.Options{Describe: func() (json.RawMessage, error) { return json.RawMessage(`{"name": "Lab"}`), nil }})
	dialRaw(t, s).authenticate().put(callText("stuck", "[]"))
	<-stuck
	defer func() { stuck <- true }()
	c := newClient(t, s, "") // it is answered although a call is stuck
	if got, err := call(c, "$describe"); got != `{"name": "Lab"}` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := call(c, "$statistics"); err != nil {
		t.Error(err)
	}

	s, _ = start(t, methods{}, control.Options{})
	if _, err := call(newClient(t, s, ""), "$describe"); fmt.Sprint(err) != "no such RPC: $describe" {
		t.Errorf("without a description: got %v", err)
	}
}

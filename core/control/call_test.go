package control_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"avescript/core/control"
)

func TestRefusals(t *testing.T) {
	s, _ := start(t, methods{"echo": echo, "hidden": {}}, control.Options{})
	r := dialRaw(t, s).authenticate()
	long := strings.Repeat("å", 300)
	for _, step := range []struct{ send, want string }{
		{"", `malformed JSON: `},
		{"garbage", `malformed JSON: garbage`},
		{`{"method":"echo"} {}`, `malformed JSON: {"method":"echo"} {}`},
		{callText("echo", "[nan]"), "malformed JSON: " + callText("echo", "[nan]")},
		{callText("echo", "[+Infinity]"), "malformed JSON: " + callText("echo", "[+Infinity]")},
		{"\"\xff\xfe\"", "malformed JSON: \"\ufffd\ufffd\""},
		{strings.Repeat("x", 1000), "malformed JSON: " + strings.Repeat("x", 200)},
		{strings.Repeat("[", 20000), "malformed JSON: " + strings.Repeat("[", 200)},
		{"7", `the "method" attribute is missing`},
		{`{"params": {}}`, `the "method" attribute is missing`},
		{`{"method": "echo"}`, `the "params" attribute is missing`},
		{`{"method": "echo", "params": [ 1 ]}`, `malformed arguments: [ 1 ]`},
		{`{"method": "echo", "params": { "kwargs": {}}}`, `malformed arguments: { "kwargs": {}}`},
		{`{"method": "echo", "params": {"vargs": {}, "kwargs": {}}}`, `malformed arguments: {"vargs": {}, "kwargs": {}}`},
		{`{"method": "echo", "params": {"vargs": [], "kwargs": null}}`, `malformed arguments: {"vargs": [], "kwargs": null}`},
		{`{"async": null, "method": "echo", "params": {"vargs": [], "kwargs": {}}}`,
			`RPC async flag is not a boolean: {"async": null, "method": "echo", "params": {"vargs": [], "kwargs": {}}}`},
		{`{"method": 5, "params": {"vargs": [], "kwargs": {}}}`, `no such RPC: 5`},
		{`{"method": "echo", "resource": 5, "params": {"vargs": [], "kwargs": {}}}`, `malformed arguments: resource: 5`},
		{`{"method": "echo", "resource": [], "params": {"vargs": [], "kwargs": {}}}`, `malformed arguments: resource: []`},
		{callText(long, "[]"), "no such RPC: " + strings.Repeat("å", 200)},
		{callText("hidden", "[]"), "not an RPC: hidden"},
	} {
		r.put(step.send)
		var answer struct{ Exception any }
		if err := json.Unmarshal([]byte(r.get()), &answer); err != nil {
			t.Fatalf("%.80q: %v", step.send, err)
		}
		if answer.Exception != step.want {
			t.Errorf("%.80q: got %q, want %q", step.send, answer.Exception, step.want)
		}
	}
	r.put(callText("echo", `["still here"]`))
	r.want(`{"result": "still here"}`)
}

func TestValuesAreKept(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	r := dialRaw(t, s).authenticate()
	for _, value := range []string{
		"9007199254740993", "9223372036854775807", "1e2", "0.1", "[]", "{}", "null", "[[], {}, null]",
		`"\u00e5"`, `"\ud800"`, `"å"`, `{"a": 1, "a": 2}`, `{"b":{},"a":[]}`, strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
	} {
		r.put(callText("echo", "["+value+"]"))
		r.want(`{"result": ` + value + `}`)
	}
}

func TestResourceIsPassedOn(t *testing.T) {
	s, _ := start(t, methods{"resource": {rpc, func(_ context.Context, _ *control.Conn, call *control.Call) (any, error) {
		return string(call.Resource), nil
	}}}, control.Options{})
	r := dialRaw(t, s).authenticate()
	for resource, want := range map[string]string{
		``: `""`, `"resource": null,`: `""`, `"resource": {"a": [1]},`: `"{\"a\": [1]}"`,
	} {
		r.put(`{` + resource + `"method": "resource", "params": {"vargs": [], "kwargs": {}}}`)
		r.want(`{"result": ` + want + `}`)
	}
}

func TestNamesMayBeEscapedAndDoubled(t *testing.T) {
	s, _ := start(t, methods{"echo": echo}, control.Options{})
	r := dialRaw(t, s).authenticate()
	r.put(`{"m\u0065thod": "hidden", "method": "\u0065cho", "params": 1,
		"params": {"vargs": 1, "vargs": ["x"], "more": [{"vargs": 0}], "kwargs": {}}, "more": {"method": 1}}`)
	r.want(`{"result": "x"}`)
}

func TestAsynchronousCallsAreNeverAnswered(t *testing.T) {
	s, _ := start(t, methods{"echo": echo, "hidden": {}}, control.Options{})
	r := dialRaw(t, s).authenticate()
	for _, name := range []string{"echo", "hidden", "missing"} {
		r.put(strings.Replace(callText(name, "[1]"), "false", "true", 1))
	}
	r.put(`{"method": "echo", "async": true}`)
	r.put(callText("echo", "[2]"))
	r.want(`{"result": 2}`)
}

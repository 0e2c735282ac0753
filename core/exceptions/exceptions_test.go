package exceptions

import (
	"encoding/json"
	"testing"
)

func TestParseWantsAStringOrAnObject(t *testing.T) {
	for _, text := range []string{"null", "5", "[]", "true", ""} {
		if e, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: got %#v, want an error", text, e)
		}
	}
	if e, err := Parse([]byte(`""`)); err != nil || e.Class != Exception || e.Message != "" {
		t.Errorf("an empty string: got %#v, %v", e, err)
	}
}

// Clients of the earlier system read cmd and out from every RunError.
func TestRunErrorIsSentWhole(t *testing.T) {
	late := &Class{"LateError", RunError}
	for _, e := range []*Error{
		RunError.Newf("it failed"),
		late.Newf("it failed"),
		{Class: RunError, Message: "it failed", Details: map[string]any{"out": "", "cmd": nil}},
	} {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"cmd":"","message":"it failed","out":"","ptyout":"","type":"` + e.Class.Name + `"}`
		if string(text) != want || e.Text() != "it failed" {
			t.Errorf("got %s as %q, want %s", text, e.Text(), want)
		}
	}
}

package exceptions

import "testing"

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

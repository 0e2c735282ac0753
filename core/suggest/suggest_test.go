package suggest

import "testing"

func TestSimilar(t *testing.T) {
	names := []string{"run", "run_bg", "sh", "spawn", "timeout", "broker", "Control", "list_allocations", "x"}
	for word, want := range map[string]string{
		"rnu":                       "run",
		"rum":                       "run",
		"tiemout":                   "timeout",
		"time_out":                  "timeout",
		"borker":                    "broker",
		"control":                   "Control",
		"Contrl":                    "Control",
		"list":                      "list_allocations",
		"list_alocation":            "list_allocations",
		"frobnicate":                "",
		"run":                       "run_bg",
		"sp":                        "",
		"y":                         "",
		"":                          "",
		string(make([]byte, 1<<20)): "",
	} {
		if got := Similar(word, names); got != want {
			t.Errorf("%.40q: got %q, want %q", word, got, want)
		}
	}
	if got := Hint("rnu", names); got != "; did you mean 'run'?" {
		t.Errorf("got %q", got)
	}
	if got := Among("a", []string{"run", "sh"}); got != "; valid names are run, sh" {
		t.Errorf("got %q", got)
	}
	if got := Among("rnu", []string{"run", "sh"}); got != "; did you mean 'run'? Valid names are run, sh" {
		t.Errorf("got %q", got)
	}
	if got := Hint("frobnicate", names); got != "" {
		t.Errorf("got %q", got)
	}
}

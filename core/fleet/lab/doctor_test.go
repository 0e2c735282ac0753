package lab

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"avescript/core/fleet/link"
	"avescript/core/fleet/programs"
	"avescript/core/fleet/wire"
)

// TestDoctor finds what is wrong with an account.
func TestDoctor(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv(link.EnvFile, "")
	t.Setenv(programs.Variable, filepath.Join(home, "none"))
	visit := func(want ...string) {
		t.Helper()
		var out bytes.Buffer
		if err := Doctor(t.Context(), &out, "devel"); err == nil {
			t.Error("wanted that something is wrong")
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("wanted %q, got:\n%s", w, &out)
			}
		}
	}
	visit("none does not run", "has joined no lab")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	silent := link.Config{URL: "tls://" + l.Addr().String(), Pin: strings.Repeat("ab", 32), Role: wire.User, Name: "anna", Seed: "S"}
	path := filepath.Join(home, ".ave", "lab", "user.json")
	if err := silent.Write(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	old := checkTime
	checkTime = old / 20
	defer func() { checkTime = old }()
	visit("others can use the key in "+path, "takes connections, but does not answer")
	l.Close()
	visit("cannot reach the hub")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	visit("user.json is damaged")
}

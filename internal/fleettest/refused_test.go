package fleettest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"avescript/internal/fleettest"
)

// Somebody who cannot submit tests is told once why, and what to do. The status is that of a
// failure.
func TestNotSubmitted(t *testing.T) {
	f := fleettest.Start(t, nil)
	joins := func(role, name string) {
		f.Avelab(name, "join", f.Invite(role, name)).Output()
	}
	tries := func(name, want string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(f.Home(name), "test_a.lua"), []byte(`it("works", function() end)`), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{}, {"--detach"}} {
			run := f.Avescript(name, append([]string{"test", "--fleet", "test_a.lua"}, args...)...)
			if status := run.Status(); status != 1 || !strings.HasPrefix(run.Text(), "avescript: ") || !strings.Contains(run.Text(), want) || strings.Count(run.Text(), "\n") != 1 {
				t.Errorf("%s: wanted %q in one line and the status 1, got %d and:\n%s", name, want, status, run.Text())
			}
		}
	}
	tries("stranger", "this account has not joined a lab as user: start one with 'avescript lab start', or join one with 'avescript lab join LINE'")
	joins("viewer", "watcher")
	tries("watcher", "this account has not joined a lab as user")
	joins("user", "ann")
	tries("ann", "there is no host")
	joins("user", "bob")
	f.Avelab(user, "revoke", "user", "bob").Output()
	tries("bob", "does not accept the key of user bob: it was revoked, or the hub was made anew: join again")
	f.Hub.Kill()
	tries("ann", "cannot connect to the hub at tls://127.0.0.1:")
}

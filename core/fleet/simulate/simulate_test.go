package simulate

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"avescript/internal/goroutines"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"hub": func(args []string) error {
		return Serve(context.Background(), args[0], os.Stdin, os.Stdout)
	}})
	poll.Parallel(3)
	goleak.VerifyTestMain(m, goroutines.LeftByPut())
}

func simulate(t *testing.T, o Options) Result {
	t.Helper()
	var out bytes.Buffer
	r, err := Run(t.Context(), o, &out)
	t.Logf("\n%s", &out)
	if err != nil {
		t.Fatal(err)
	}
	if r.Checked != nil || r.Jobs != o.Jobs || r.Tally.Finished != o.Jobs+max(0, o.Idle) {
		t.Errorf("wanted that all jobs were finished and the ledger is right, got %+v", r)
	}
	if !strings.Contains(out.String(), "checked") {
		t.Error("wanted that the check is printed")
	}
	return r
}

func TestLoad(t *testing.T) {
	t.Parallel()
	r := simulate(t, Options{Hosts: 20, Jobs: 2000, Pieces: 2, Output: 2, Idle: 20, Command: reexec.Command("hub").Args})
	if !r.OwnProcess || r.Memory == 0 || r.Most < r.Memory || r.CPU == 0 || r.Started.N != 20 || r.Said != 4000 || r.Waited.N != 2000 {
		t.Errorf("wanted all measurements, got %+v", r)
	}
}

func TestDyingHosts(t *testing.T) {
	t.Parallel()
	r := simulate(t, Options{Hosts: 10, Cores: 2, Jobs: 300, Pieces: 1, Work: 300 * time.Millisecond, Kill: 1, Idle: -1})
	if r.Noticed.N == 0 || r.Tally.Returned != r.Tally.Claims-300 {
		t.Errorf("wanted that deaths were noticed, and each claim was finished or returned, got %+v", r)
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	if _, err := Run(t.Context(), Options{Hosts: -1}, os.Stderr); err == nil {
		t.Error("wanted that a fleet without hosts is refused")
	}
}

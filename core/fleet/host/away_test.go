package host

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"avescript/core/fleet/wire"
)

// TestHubAway: the hub is away for a while. Jobs end meanwhile, and it does not count as
// their failure.
func TestHubAway(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	m := l.host("one", nil)
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": waiting(dir)}, nil)
	l.until(filepath.Join(dir, "started"))
	l.hub.Close()
	m.goneWithin(wire.LostAfter)
	l.startHub()
	n := r.over()[0]
	if !outcome(n).Passed {
		t.Errorf("got %+v", outcome(n))
	}
	for _, n := range r.of(wire.NoteReturned) {
		if outcome(n).Status != wire.Busy {
			t.Errorf("got %+v", outcome(n))
		}
	}
}

// TestHubRestarts: a hub that is started again answers before the hosts end their jobs.
func TestHubRestarts(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.host("one", nil)
	dir := t.TempDir()
	r := l.submit(map[string]string{"a_test.lua": `
it("goes on", function()
	io.open("` + dir + `/started", "w"):close()
	eventually(function() return io.open("` + dir + `/go") ~= nil end, { timeout = 60 })
end)`}, nil)
	l.until(filepath.Join(dir, "started"))
	began := time.Now()
	l.hub.Close()
	l.startHub()
	took := time.Since(began)
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := outcome(r.over()[0]); !o.Passed {
		t.Errorf("got %+v", o)
	}
	t.Logf("it took %v until the hub was there again", took)
	if lost := r.of(wire.NoteReturned); len(lost) > 0 && took.Seconds() < wire.FenceAfter/3 { // a busy machine needs longer
		t.Errorf("the job was ended: %+v", outcome(lost[0]))
	}
}

package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"avescript/core/fleet/wire"
)

// TestDiskFull: a job that fills the disk is killed, and another one goes on.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	disk, dir := t.TempDir(), t.TempDir()
	if err := unix.Mount("none", disk, "tmpfs", 0, "size=200m"); err != nil {
		t.Skip("only root can mount a small disk:", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(disk, unix.MNT_DETACH) })
	l := newLab(t)
	l.host("one", func(o *Options) { o.Dir, o.Reserve = filepath.Join(disk, "host"), 30<<20 })
	r := l.submit(map[string]string{"fills_test.lua": `
it("fills", function()
	io.open("` + dir + `/filling", "w"):close()
	os.execute("dd if=/dev/zero of=big bs=1M count=200")
	require("ave").time.sleep(600)
end)`, "good_test.lua": `
it("goes on", function()
	eventually(function() return io.open("` + dir + `/go") ~= nil end, { timeout = 60 })
end)`}, nil)
	l.until(filepath.Join(dir, "filling"))
	for _, n := range r.await(wire.NoteReturned, 1) {
		if o := outcome(n); o.Status != wire.Died || !strings.Contains(o.Message, "the disk of the host was full") {
			t.Errorf("got %+v", o)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, n := range r.over() {
		if outcome(n).Passed {
			passed++
		}
	}
	if passed != 1 {
		t.Errorf("wanted that one job has passed, got %d", passed)
	}
}

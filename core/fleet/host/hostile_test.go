package host

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"avescript/core/fleet/parcel"
	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/internal/poll"
)

// TestDeafProgram: the program of a run reads nothing of the much that it is told. Other
// jobs of the host do not suffer from that.
func TestDeafProgram(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	m := l.host("one", nil)
	dir := t.TempDir()
	good := l.submit(map[string]string{"good_test.lua": `
it("goes on", function()
	io.open("` + dir + `/started", "w"):close()
	eventually(function() return io.open("` + dir + `/go") ~= nil end, { timeout = 100 })
end)`}, nil)
	l.until(filepath.Join(dir, "started"))
	path := filepath.Join(dir, "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec sleep 4324\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := parcel.MakeFile(path)
	if err != nil {
		t.Fatal(err)
	}
	l.store(made)
	r := l.submit(map[string]string{"deaf_test.lua": ""}, func(r *wire.Run, _ []wire.Job) {
		r.Program, r.Setup = made.Sum, json.RawMessage(`{"Title": "`+strings.Repeat("x", 200_000)+`"}`)
	})
	if o := outcome(r.await(wire.NoteReturned, 1)[0]); o.Status != wire.Died || !strings.Contains(o.Message, "did not respond") {
		t.Errorf("got %+v", o)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := outcome(good.over()[0]); !o.Passed || len(good.of(wire.NoteReturned)) > 0 {
		t.Errorf("got %+v after %d other attempts", o, len(good.of(wire.NoteReturned)))
	}
	if _, err := l.user.Request(t.Context(), wire.VerbCancel, wire.Cancel{Run: r.id}); err != nil {
		t.Error(err)
	}
	poll.Until(t, "the other run is over", func() bool {
		for _, pid := range m.tree() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		return len(r.of(wire.NoteOver)) > 0
	})
}

// TestLongName: the name of a test does not make heartbeats too large.
func TestLongName(t *testing.T) {
	t.Parallel()
	j := &job{}
	j.note(harness.Event{Kind: harness.TestStarted, Path: []string{strings.Repeat("é", mostName)}})
	if got := j.running().Test; got != strings.Repeat("é", mostName/2) {
		t.Errorf("got %d bytes", len(got))
	}
}

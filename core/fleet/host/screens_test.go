package host

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// TestScreens: what a terminal shows is sent while the test runs. A file that the job has
// put there, and that leads out of its directory, is not read.
func TestScreens(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.host("one", nil)
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("not for you\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := l.submit(map[string]string{"a_test.lua": fmt.Sprintf(`
local ave = require("ave")
local dir = %q
it("shows", function()
	os.execute("mkdir -p ../recordings && ln -s " .. dir .. "/secret ../recordings/bad.cast")
	local f = io.open("../recordings/a-1.cast", "w")
	f:write('{"version":2,"width":80,"height":24}\n[0.1,"o","before"]\n[0.2,"o",')
	f:flush()
	io.open(dir .. "/started", "w"):close()
	while not io.open(dir .. "/go") do ave.time.sleep(0.01) end
	f:write('"after"]\n')
	f:close()
end)
`, dir)}, func(r *wire.Run, _ []wire.Job) {
		r.Setup = json.RawMessage(`{"Timeout": 60, "TeardownTimeout": 10, "Record": "x"}`)
	})
	casts := func() (text string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, o := range r.outputs {
			if o.Screen != nil {
				text += o.Screen.Test + " " + o.Screen.Name + ": " + o.Screen.Cast
			}
		}
		return text
	}
	first := "shows a-1: {\"version\":2,\"width\":80,\"height\":24}\n[0.1,\"o\",\"before\"]\n"
	poll.Until(t, "the beginning is there", func() bool { return casts() == first })
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := outcome(r.over()[0]); !o.Passed {
		t.Errorf("got %+v", o)
	}
	if got, want := casts(), first+"shows a-1: [0.2,\"o\",\"after\"]\n"; got != want || strings.Contains(got, "not for you") {
		t.Errorf("got %q, wanted %q", got, want)
	}
}

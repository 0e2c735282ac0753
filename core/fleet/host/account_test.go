package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

func TestAccountOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		uid   int
		wrong string
	}{
		{"", 0, "jobs would run as root"},
		{"root", 0, ""},
		{"0", 0, ""},
		{"", 1000, ""},
		{"root", 1000, "only a host that runs as root"},
		{"nobody", 0, ""},
		{"nobody", 1000, "only a host that runs as root"},
		{"no-such-account", 0, "account for jobs"},
	} {
		_, err := accountOf(c.name, c.uid)
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%q as %d: got %v", c.name, c.uid, err)
		}
	}
}

// TestAccount: a job runs as another account, which cannot read what belongs to the host.
func TestAccount(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can use another account")
	}
	l := newLab(t)
	m := l.host("one", func(o *Options) {
		o.Account = "nobody"
		if _, err := o.check(); err == nil || !strings.Contains(err.Error(), "cannot enter") {
			t.Errorf("a directory that is closed: got %v", err)
		}
		if err := os.Chmod(filepath.Dir(o.Dir), 0o755); err != nil { // that of the test
			t.Fatal(err)
		}
		if err := os.Chmod(o.Dir, 0o700); err != nil { // as with a strict umask
			t.Fatal(err)
		}
	})
	r := l.submit(map[string]string{"a_test.lua": `
local ave = require("ave")
it("is nobody", function()
	assert.equal("nobody", os.getenv("USER"))
	assert.not_equal(0, ave.posix.geteuid())
	assert.is_nil(os.getenv("HOST_SECRET"))
	assert.is_nil((io.open("` + m.dir + `/id")))
	assert.is_nil((io.open("` + m.dir + `/running/x", "w")))
	assert(io.popen("LC_ALL=C ls ` + m.dir + `/code 2>&1"):read("*a"):find("denied"))
	io.open("new", "w"):close()
end)`}, nil)
	if o := outcome(r.over()[0]); !o.Passed {
		t.Errorf("got %+v: %v", o, r.outputs)
	}
}

// TestGroups: a job that has left its session and its parent is in its group.
func TestGroups(t *testing.T) {
	t.Parallel()
	g := openGroups("test")
	if g == nil {
		t.Skip("there are no control groups of version 2 here, or this is not root")
	}
	defer g.close()
	token := wire.Token{Seq: 1}
	f, err := g.add(token, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	g.kill(token)
	g.remove(token)
	if exists(g.path(token)) {
		t.Error("it is still there")
	}
}

// TestGroupsLeft: what a predecessor has left in another place is killed.
func TestGroupsLeft(t *testing.T) {
	t.Parallel()
	g := openGroups("test-left")
	if g == nil {
		t.Skip("there are no control groups of version 2 here, or this is not root")
	}
	defer g.close()
	file := filepath.Join(t.TempDir(), "groups")
	if err := g.killLeft(file); err != nil {
		t.Fatal(err)
	}
	group, err := g.add(wire.Token{Seq: 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	left := exec.Command("sleep", "4321")
	left.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd())}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	killed := make(chan struct{})
	go func() {
		_ = left.Wait()
		close(killed)
	}()
	next := openGroups("test-next")
	defer next.close()
	if err := next.killLeft(file); err != nil {
		t.Error(err)
	}
	poll.Until(t, "it is dead", func() bool {
		select {
		case <-killed:
			return true
		default:
			return false
		}
	})
	if exists(g.dir) {
		t.Errorf("%s is still there", g.dir)
	}
}

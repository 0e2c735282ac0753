package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"avescript/core/fleet/wire"
	"avescript/core/process"
)

const otherAccount = 65534

// TestGiveTo: the account cannot enter a directory before everything in it was given away.
func TestGiveTo(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	var last string
	for i := range 2000 {
		last = filepath.Join(dir, fmt.Sprintf("%04d", i))
		if err := os.WriteFile(last, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := giveTo(dir, otherAccount, otherAccount); err != nil {
		t.Fatal(err)
	}
	if owner := stat(t, last).Uid; owner != otherAccount {
		t.Errorf("wanted the owner %d, got %d", otherAccount, owner)
	}
	top, inner := stat(t, dir).Ctim, stat(t, last).Ctim
	if early := inner.Nano() - top.Nano(); early > 0 {
		t.Errorf("the directory was given away %d ns before a file in it", early)
	}
}

func stat(t *testing.T, path string) (s syscall.Stat_t) {
	t.Helper()
	if err := syscall.Lstat(path, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestMakeDir: a directory of another account is not used, even by a link.
func TestMakeDir(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	other := filepath.Join(t.TempDir(), "other")
	link := filepath.Join(t.TempDir(), "link")
	err := makeDir(other, 0o755)
	if err == nil {
		err = os.Symlink(other, link)
	}
	if err == nil {
		err = os.Lchown(link, otherAccount, otherAccount)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := makeDir(link, 0o755); err == nil {
		t.Error("wanted that the link of another account is refused")
	}
	if err := os.Lchown(other, otherAccount, otherAccount); err != nil {
		t.Fatal(err)
	}
	if err := makeDir(other, 0o755); err == nil {
		t.Error("wanted that the directory of another account is refused")
	}
}

// TestOpenFile: what root reads for a job is a file of the job.
func TestOpenFile(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir, secret := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := os.WriteFile(filepath.Join(dir, "own"), nil, 0o600)
	if err == nil {
		err = giveTo(dir, otherAccount, otherAccount)
	}
	if err == nil {
		err = os.Symlink(secret, filepath.Join(dir, "link"))
	}
	if err == nil {
		err = os.Link(secret, filepath.Join(dir, "hard"))
	}
	if err == nil {
		err = syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, wanted := range map[string]bool{"own": true, "link": false, "hard": false, "pipe": false, "../x": false} {
		f, _, err := openFile(root, name)
		if err == nil {
			f.Close()
		}
		if (err == nil) != wanted {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestOtherBoot: after another boot of the machine, a pid and a start time belong to
// somebody else.
func TestOtherBoot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "running"), 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := openRecords(dir)
	if err != nil {
		t.Fatal(err)
	}
	r.boot = "another"
	innocent := exec.Command("sleep", "4321")
	if err := innocent.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = innocent.Process.Kill()
		_ = innocent.Wait()
	}()
	if err := r.add(wire.Token{Seq: 1}, innocent.Process.Pid, ""); err != nil {
		t.Fatal(err)
	}
	if r, err = openRecords(dir); err == nil {
		err = r.endLeft(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if s, err := process.ReadStat(innocent.Process.Pid); err != nil || s.Dead() {
		t.Errorf("it was killed: %+v, %v", s, err)
	}
	if exists(r.file(wire.Token{Seq: 1})) {
		t.Error("the record is still there")
	}
}

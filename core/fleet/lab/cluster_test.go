package lab

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"avescript/core/fleet/hub"
)

// A service has an account of its own, and its directory is a link. What root writes there
// must belong to that account.
func TestFilesOfRootBelongToTheService(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	t.Chdir(t.TempDir())
	const service = 61234
	serviceDir := func(name string) string {
		private := filepath.Join(t.TempDir(), "private")
		if err := os.Mkdir(private, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(private, service, service); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(t.TempDir(), name)
		if err := os.Symlink(private, link); err != nil {
			t.Fatal(err)
		}
		return link
	}
	first, second := serviceDir("first"), serviceDir("second")
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(first, "trap")); err != nil {
		t.Fatal(err)
	}
	if err := CreateCluster(io.Discard, first, []string{"hub-1", "hub-2", "[::1]:4333"}); err != nil {
		t.Fatal(err)
	}
	if err := AcceptCluster(io.Discard, "__1_4333.hub", second); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{first, second} {
		for _, file := range []string{hub.ClusterFile, pageKey, KeysDir + "/keys.json", KeysDir + "/certificate.pem"} {
			if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
				t.Error(err)
			}
		}
		private, err := filepath.EvalSymlinks(dir)
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(private, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := os.Lstat(path)
			if err == nil && info.Sys().(*syscall.Stat_t).Uid != service {
				t.Errorf("wanted that %s belongs to the service", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(outside); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("wanted that what a link names still belongs to root: %v", err)
	}
}

// The files of a hub that may run are not written, and those of earlier times are not used.
func TestCreateClusterLooksFirst(t *testing.T) {
	t.Chdir(t.TempDir())
	addresses := []string{"hub-1", "hub-2", "hub-3"}
	for part, want := range map[string]string{
		hub.StoreDir:   "has no keys, and the hubs of a cluster need them: start it once without --no-keys",
		hub.ClusterDir: "is that of an earlier cluster: remove it",
		hub.MovedDir:   "is that of an earlier cluster: remove it",
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, part), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := CreateCluster(io.Discard, dir, addresses); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: wanted %q, got %v", part, want, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("%s: wanted that nothing is written, got %v, %v", part, left, err)
		}
	}
	dir := t.TempDir()
	if err := CreateCluster(io.Discard, dir, addresses); err != nil {
		t.Fatal(err)
	}
	book := filepath.Join(dir, KeysDir, "keys.json")
	before, err := os.Stat(book)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := CreateCluster(io.Discard, dir, nil); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(book); err != nil || !os.SameFile(before, after) {
		t.Errorf("wanted that the keys are not written again: %v", err)
	}
	var said strings.Builder
	t.Chdir(t.TempDir())
	if err := CreateCluster(&said, dir, nil); err != nil || !strings.Contains(said.String(), "on hub-3:  ") || !strings.Contains(said.String(), " cluster accept hub-3.hub\n") {
		t.Errorf("wanted the command for hub-3, got %q, %v", said.String(), err)
	}
}

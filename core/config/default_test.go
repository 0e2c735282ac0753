package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func defaultPaths(home string) []string {
	var paths []string
	for _, name := range []string{
		"broker", "authkeys", "workspace", "handset", "jenkins", "gerrit", "panotti", "usbrel64",
	} {
		paths = append(paths, filepath.Join(home, ".ave/config", name+".json"))
	}
	return paths
}

// checkCreated calls CreateDefault and compares both lists.
func checkCreated(t *testing.T, home string, created, skipped []string) {
	t.Helper()
	gotCreated, gotSkipped, err := CreateDefault(home)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{created, skipped}, [][]string{gotCreated, gotSkipped}); diff != "" {
		t.Errorf("created and skipped (-want +got):\n%s", diff)
	}
}

func TestCreateDefaultContents(t *testing.T) {
	home := t.TempDir()
	checkCreated(t, home, defaultPaths(home), nil)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"broker": `{
  "host": "HOST",
  "port": 4000,
  "authkey": "KEY",
  "stacks": [],
  "remote": {}
}
`,
		"workspace": `{
  "pretty": "HOST",
  "root": "~/.ave",
  "jenkins": "",
  "tools": {},
  "flocker": {
    "enable": false,
    "host": "",
    "ftp": 21,
    "http": 80
  },
  "proxy": "",
  "wlan": {
    "ssid": "",
    "auth": ""
  },
  "wifi-capable": false
}
`,
		"handset": `{
  "handsets": [
    {
      "serial": null,
      "vendor": null,
      "pretty": null
    }
  ]
}
`,
		"jenkins": `{
  "url": "",
  "auth": ""
}
`,
		"gerrit": `{
  "host": "",
  "port": 29418,
  "user": ""
}
`,
		"panotti": `{
  "enabled": false,
  "host": "",
  "port": 5984,
  "db": "panotti"
}
`,
		"usbrel64": "{}\n",
	} {
		want = strings.ReplaceAll(want, "HOST", host)
		got := regexp.MustCompile(`"[0-9a-f]{64}"`).ReplaceAllString(read(t, Path(home, name)), `"KEY"`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s.json (-want +got):\n%s", name, diff)
		}
		if _, err := Load(home, name); err != nil {
			t.Error(err)
		}
	}
	if _, err := LoadBroker(home); err != nil {
		t.Error(err)
	}
}

func TestCreateDefaultKeys(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		home := t.TempDir()
		if _, _, err := CreateDefault(home); err != nil {
			t.Fatal(err)
		}
		keys, err := LoadAuthkeys(home)
		if err != nil {
			t.Fatal(err)
		}
		broker, err := LoadBroker(home)
		if err != nil {
			t.Fatal(err)
		}
		keys["broker"] = &broker.Authkey
		for _, account := range []string{"admin", "share", "broker"} {
			key := keys[account]
			if key == nil || len(*key) < 32 || seen[*key] {
				t.Fatalf("wanted a long key of its own for %s", account)
			}
			seen[*key] = true
		}
	}
}

func TestCreateDefaultModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	home := t.TempDir()
	if _, _, err := CreateDefault(home); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{".ave": 0o755, ".ave/config": 0o755}
	for _, path := range defaultPaths("") {
		want[path] = 0o644
	}
	want[".ave/config/authkeys.json"] = 0o600
	want[".ave/config/broker.json"] = 0o600
	for path, mode := range want {
		info, err := os.Stat(filepath.Join(home, path))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != mode {
			t.Errorf("wanted mode %v of %s, got %v", mode, path, got)
		}
	}
}

func TestCreateDefaultMakesTheHome(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	home := filepath.Join(t.TempDir(), "srv", "lab")
	checkCreated(t, home, defaultPaths(home), nil)
	for _, dir := range []string{home, filepath.Dir(home)} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: got %v, %v, want the mode 0755", dir, info, err)
		}
	}
}

func TestCreateDefaultForAnAccount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make another's home")
	}
	const nobody = 65534
	parent := t.TempDir()
	if err := os.Chmod(filepath.Dir(parent), 0o755); err != nil { // so that the account can enter it
		t.Fatal(err)
	}
	home := filepath.Join(parent, "lab")
	if _, _, err := CreateDefaultFor(home, "nobody"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]uint32{parent: 0, home: nobody, Path(home, "broker"): nobody} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != want {
			t.Errorf("%s: got the owner %d, want %d", path, got, want)
		}
	}
}

func TestCreateDefaultTouchesNothing(t *testing.T) {
	home := t.TempDir()
	paths := defaultPaths(home)
	nowhere := filepath.Join(home, "nowhere")
	write(t, paths[0], "mine")
	if err := os.Symlink(nowhere, paths[1]); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(paths[2], 0o755); err != nil {
		t.Fatal(err)
	}
	checkCreated(t, home, paths[3:], paths[:3])
	checkCreated(t, home, nil, paths)

	if got := read(t, paths[0]); got != "mine" {
		t.Errorf("wanted the old contents, got %q", got)
	}
	if _, err := os.Lstat(nowhere); err == nil {
		t.Error("wanted no file at the end of the link, got one")
	}
	_, err := LoadAuthkeys(home)
	wantError(t, err, paths[1], "symbolic link to "+nowhere)
}

func TestCreateDefaultErrors(t *testing.T) {
	_, _, err := CreateDefault("")
	wantError(t, err, "home directory")

	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	_, _, err = CreateDefault(filepath.Join(file, "home"))
	wantError(t, err, file, "not a directory")

	missing := filepath.Join(t.TempDir(), "home")
	_, _, err = CreateDefaultFor(missing, "no-such-account")
	wantError(t, err, missing, "no-such-account")
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that nothing was made", err)
	}

	home := t.TempDir()
	write(t, filepath.Join(home, ".ave"), "")
	_, _, err = CreateDefault(home)
	wantError(t, err, "wanted a directory", filepath.Join(home, ".ave"))
}

func TestCreateDefaultAtOnce(t *testing.T) {
	home := t.TempDir()
	var (
		callers sync.WaitGroup
		lock    sync.Mutex
		makers  = map[string]int{}
	)
	for range 8 {
		callers.Go(func() {
			created, skipped, err := CreateDefault(home)
			if err != nil || len(created)+len(skipped) != 8 {
				t.Errorf("wanted 8 files, got created %q, skipped %q, error %v", created, skipped, err)
			}
			lock.Lock()
			defer lock.Unlock()
			for _, path := range created {
				makers[path]++
			}
		})
	}
	callers.Wait()
	for _, path := range defaultPaths(home) {
		if makers[path] != 1 {
			t.Errorf("wanted one maker of %s, got %d", path, makers[path])
		}
	}
	checkNames(t, home)
}

// checkNames checks that the directory has the default files and no other.
func checkNames(t *testing.T, home string) {
	t.Helper()
	entries, err := os.ReadDir(Dir(home))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".json" {
			t.Errorf("wanted no temporary file, got %s", entry.Name())
		}
	}
	if len(entries) != 8 {
		t.Errorf("wanted 8 files, got %d", len(entries))
	}
}

func TestCreateDefaultAfterCrash(t *testing.T) {
	home := t.TempDir()
	stderr, err := runChild(t, uint32(os.Geteuid()), "crash", home)
	if err == nil || !strings.Contains(err.Error(), "file size limit exceeded") {
		t.Fatalf("wanted the child to die of SIGXFSZ, got %v: %s", err, stderr)
	}
	left, err := os.ReadDir(Dir(home))
	if err != nil || len(left) != 1 {
		t.Fatalf("wanted the temporary file of the crash, got %v, %v", left, err)
	}
	checkCreated(t, home, defaultPaths(home), nil)
}

func TestCreateDefaultOnFullDisk(t *testing.T) {
	home := t.TempDir()
	stderr, err := runChild(t, uint32(os.Geteuid()), "full disk", home)
	if err == nil || !strings.Contains(stderr, "file too large") {
		t.Fatalf("wanted an error, got %v: %s", err, stderr)
	}
	if left, err := os.ReadDir(Dir(home)); err != nil || len(left) != 0 {
		t.Errorf("wanted nothing left behind, got %v, %v", left, err)
	}
}

func TestCreateDefaultForAnotherUser(t *testing.T) {
	needRoot(t)
	home := homeOf(t, nobody)
	if _, _, err := CreateDefault(home); err != nil {
		t.Fatal(err)
	}
	for _, path := range append(defaultPaths(home), Dir(home), filepath.Dir(Dir(home))) {
		checkOwner(t, path, nobody)
	}

	// Root is itself again.
	after := filepath.Join(t.TempDir(), "after")
	write(t, after, "")
	checkOwner(t, after, 0)
}

func checkOwner(t *testing.T, path string, id uint32) {
	t.Helper()
	var stat syscall.Stat_t
	if err := syscall.Lstat(path, &stat); err != nil {
		t.Fatal(err)
	}
	if stat.Uid != id || stat.Gid != id {
		t.Errorf("wanted %s to belong to %d:%d, got %d:%d", path, id, id, stat.Uid, stat.Gid)
	}
}

// A user must not be able to make root create files where only root can.
func TestCreateDefaultThroughLink(t *testing.T) {
	needRoot(t)
	home, secret := homeOf(t, nobody), t.TempDir()
	if err := os.Chmod(filepath.Dir(secret), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(home, ".ave")); err != nil {
		t.Fatal(err)
	}
	_, _, err := CreateDefault(home)
	wantError(t, err, "permission denied")
	if entries, err := os.ReadDir(secret); err != nil || len(entries) != 0 {
		t.Errorf("wanted nothing in root's directory, got %v, %v", entries, err)
	}
}

func TestCreateDefaultUnprivileged(t *testing.T) {
	needRoot(t)
	home := homeOf(t, nobody)
	if stderr, err := runChild(t, nobody, "create default", home); err != nil {
		t.Fatal(err, stderr)
	}
	checkCreated(t, home, nil, defaultPaths(home))

	home = homeOf(t, 0)
	stderr, err := runChild(t, nobody, "create default", home)
	if err == nil || !strings.Contains(stderr, "permission denied") {
		t.Errorf("wanted permission denied, got %v: %s", err, stderr)
	}
}

package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// stopping is a source that cancels the context after some pieces.
type stopping struct {
	reads int
	stop  context.CancelCauseFunc
}

var errStopped = errors.New("stopped")

func (s *stopping) Read(p []byte) (int, error) {
	if s.reads--; s.reads == 0 {
		s.stop(errStopped)
	}
	return len(p), nil
}

func TestWriteThatIsInterruptedLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(context.Background())
	if _, err := Write(ctx, path, &stopping{5, stop}, nil); !errors.Is(err, errStopped) {
		t.Errorf("got %v, want the cause", err)
	}
	text, _ := os.ReadFile(path)
	entries, _ := os.ReadDir(dir)
	if string(text) != "old" || len(entries) != 1 {
		t.Errorf("got %q among %v, want the old file alone", text, entries)
	}
}

func TestTreesEndWithTheContext(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tree/a/b"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(context.Background())
	stop(errStopped)
	tree := filepath.Join(dir, "tree")
	_, err := Glob(ctx, tree+"/**")
	for what, err := range map[string]error{
		"Glob":   err,
		"Copy":   Copy(ctx, tree, filepath.Join(dir, "copy"), true),
		"Remove": Remove(ctx, tree, true),
	} {
		if !errors.Is(err, errStopped) {
			t.Errorf("%s: got %v, want the cause", what, err)
		}
	}
}

func TestReadWaitsForAPipeNoLongerThanTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(context.Background())
	failed := make(chan error)
	go func() {
		_, err := Read(ctx, path, 0)
		failed <- err
	}()
	stop(errStopped)
	if err := <-failed; !errors.Is(err, errStopped) {
		t.Errorf("got %v, want the cause", err)
	}
	go func() { failed <- os.WriteFile(path, []byte("text"), 0) }()
	if text, err := Read(context.Background(), path, 0); string(text) != "text" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

func TestReadErrorsNameThePath(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                        "read " + dir + ": is a directory",
		filepath.Join(dir, "none"): "open " + dir + "/none: no such file or directory",
	} {
		if _, err := Read(context.Background(), path, 0); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// spying is a source that checks who may read what is being written.
type spying struct {
	dir   string
	modes []fs.FileMode
}

func (s *spying) Read([]byte) (int, error) {
	entries, _ := os.ReadDir(s.dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			s.modes = append(s.modes, info.Mode())
		}
	}
	return 0, io.EOF
}

func TestSecretsAreNeverReadableByOthers(t *testing.T) {
	dir := t.TempDir()
	secret := &spying{dir: dir}
	if _, err := Write(context.Background(), filepath.Join(dir, "secret"), secret, new(fs.FileMode(0o600))); err != nil {
		t.Fatal(err)
	}
	if len(secret.modes) != 1 || secret.modes[0] != 0o600 {
		t.Errorf("got %v while it was written, want 0600", secret.modes)
	}
}

func TestWriteRefusesTheLinksOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make another's link")
	}
	const nobody = 65534
	dir := t.TempDir()
	victim, link := filepath.Join(dir, "victim"), filepath.Join(dir, "shared", "link")
	if err := errors.Join(
		os.WriteFile(victim, []byte("old"), 0o600),
		os.Mkdir(filepath.Dir(link), 0o700),
		os.Chmod(filepath.Dir(link), 0o777|fs.ModeSticky),
		os.Symlink(victim, link),
		os.Lchown(link, nobody, nobody),
	); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(context.Background(), link, strings.NewReader("new"), nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want %v", err, fs.ErrPermission)
	}
	if text, _ := os.ReadFile(victim); string(text) != "old" {
		t.Errorf("got %q, want the old content", text)
	}
	if err := os.Lchown(link, 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(context.Background(), link, strings.NewReader("new"), nil); err != nil {
		t.Error(err)
	}
	if text, _ := os.ReadFile(victim); string(text) != "new" {
		t.Errorf("got %q, want the new content", text)
	}
}

func TestCopyDoesNotWriteThroughLinks(t *testing.T) {
	dir := t.TempDir()
	from, to, outside := filepath.Join(dir, "from"), filepath.Join(dir, "to"), filepath.Join(dir, "outside")
	if err := errors.Join(
		os.Mkdir(from, 0o700),
		os.Mkdir(to, 0o700),
		os.WriteFile(filepath.Join(from, "x"), []byte("new"), 0o600),
		os.WriteFile(outside, []byte("old"), 0o600),
		os.Symlink(outside, filepath.Join(to, "x")),
	); err != nil {
		t.Fatal(err)
	}
	if err := Copy(context.Background(), from, to, true); err != nil {
		t.Fatal(err)
	}
	inside, err := os.ReadFile(filepath.Join(to, "x"))
	if text, _ := os.ReadFile(outside); string(text) != "old" || string(inside) != "new" || err != nil {
		t.Errorf("got %q outside and %q inside, %v", text, inside, err)
	}
}

func TestRemoveWantsAName(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "a"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "/", "//", ".", "..", dir + "/a/..", dir + "/a/../", dir + "/a/."} {
		if err := Remove(context.Background(), path, true); err == nil || !strings.Contains(err.Error(), "wanted a path that ends in a name") {
			t.Errorf("%q: got %v, want that it was refused", path, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); err != nil {
		t.Error(err)
	}
}

func TestCreateReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	path, dangling := filepath.Join(dir, "file"), filepath.Join(dir, "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, []byte("text"), 0o640); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("got %v, %v, want the mode 0640", info.Mode(), err)
	}
	for _, taken := range []string{path, dangling, dir} {
		if err := Create(taken, []byte("other"), 0o640); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: got %v, want %v", taken, err, fs.ErrExist)
		}
	}
	if entries, err := os.ReadDir(dir); len(entries) != 2 || err != nil {
		t.Errorf("got %v, %v, want the file and the link alone", entries, err)
	}
}

func TestWriteTakesLongNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	if _, err := Write(context.Background(), path, strings.NewReader("x"), nil); err != nil {
		t.Error(err)
	}
}

func TestRemoveParts(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	kept := []string{".state.json.0123456789abcdef", ".state.json.0123456g", ".state.json.bak", ".other.json.01234567", "state.json"}
	for _, name := range append(kept, ".state.json.01234567", ".state.json.deadbeef") {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveParts(path); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	slices.Sort(kept)
	if !slices.Equal(names, kept) {
		t.Errorf("got %q, want %q", names, kept)
	}
	if err := RemoveParts(filepath.Join(dir, "missing", "state.json")); err != nil {
		t.Errorf("a directory that does not exist: %v", err)
	}
}

// RemoveParts recognizes the name that Write uses meanwhile.
func TestRemovePartsOfAWriter(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"state.json", strings.Repeat("n", 250)} {
		part, err := createPart(dir+"/", name, false)
		if err != nil {
			t.Fatal(err)
		}
		part.Close()
		if err := RemoveParts(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(part.Name()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", part.Name(), err)
		}
	}
}

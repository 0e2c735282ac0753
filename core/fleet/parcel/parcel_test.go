package parcel_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"avescript/core/fleet/parcel"
)

// tree makes a directory with these files.
func tree(t *testing.T, files map[string]string) (dir string, names []string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return dir, names
}

// store is where parcels are fetched from.
type store struct {
	data  sync.Map
	count atomic.Int32
}

func (s *store) add(p *parcel.Parcel) { s.data.Store(p.Sum, p.Data) }

func (s *store) fetch(_ context.Context, sum string) (io.ReadCloser, error) {
	s.count.Add(1)
	data, there := s.data.Load(sum)
	if !there {
		return nil, fmt.Errorf("nowhere: %w", parcel.ErrDamaged)
	}
	return io.NopCloser(bytes.NewReader(data.([]byte))), nil
}

func TestBundle(t *testing.T) {
	dir, names := tree(t, map[string]string{"tests/a_test.lua": "a", "lib/b.lua": "b", "key": "secret"})
	for _, err := range []error{
		os.Chmod(filepath.Join(dir, "key"), 0o600),
		os.Chmod(filepath.Join(dir, "lib/b.lua"), 0o775),
		os.Mkdir(filepath.Join(dir, "empty"), 0o700),
		os.Symlink("../lib/b.lua", filepath.Join(dir, "tests/inside")),
		os.Symlink("/etc/hostname", filepath.Join(dir, "outside")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	names = append(names, "empty", "tests/inside", filepath.Join(dir, "outside"))
	made, err := parcel.Make(dir, names)
	if err != nil {
		t.Fatal(err)
	}
	for i := range names[1:] {
		names[i], names[i+1] = names[i+1], names[i]
	}
	later := time.Now().Add(time.Hour)
	_ = os.Chtimes(filepath.Join(dir, "key"), later, later)
	if again, err := parcel.Make(dir, append(names, "key")); err != nil || again.Sum != made.Sum || !bytes.Equal(again.Data, made.Data) {
		t.Errorf("the same files make another parcel: %v", err)
	}
	var s store
	s.add(made)
	cache := parcel.Cache{Dir: t.TempDir(), Fetch: s.fetch}
	to := t.TempDir()
	if err := cache.Unpack(t.Context(), made.Sum, to); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"key": 0o600, "lib/b.lua": 0o775, "tests/a_test.lua": 0o644, "empty": os.ModeDir | 0o700, "tests/inside": os.ModeSymlink | 0o777} {
		if info, err := os.Lstat(filepath.Join(to, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: got %v, %v", name, info.Mode(), err)
		}
	}
	if info, err := os.Lstat(filepath.Join(to, "outside")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("a link to the outside: got %v, %v", info, err)
	}
	if text, _ := os.ReadFile(filepath.Join(to, "tests/inside")); string(text) != "b" {
		t.Errorf("got %q", text)
	}
}

func TestMakeRefuses(t *testing.T) {
	dir, _ := tree(t, map[string]string{"a": "a"})
	for _, names := range [][]string{{"../a"}, {"/etc/hostname"}, {"missing"}, {"/dev/null"}} {
		if _, err := parcel.Make(dir, names); err == nil {
			t.Errorf("%v: got no error", names)
		}
	}
}

func TestLeadsInside(t *testing.T) {
	for target, want := range map[string]bool{
		"b": true, "./b": true, "../b": true, "b/c": true, "..": true, "": false, "/b": false, "../../b": false, "b/../c": false, "./../..": false,
	} {
		if parcel.LeadsInside("d/a", target) != want {
			t.Errorf("d/a -> %q: wanted %v", target, want)
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	for name, headers := range map[string][]tar.Header{
		"a path to the outside":               {{Name: "../a", Typeflag: tar.TypeReg}},
		"an absolute path":                    {{Name: "/tmp/a", Typeflag: tar.TypeReg}},
		"a link to the outside":               {{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "../../etc"}},
		"an absolute link":                    {{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "/etc"}},
		"a hard link":                         {{Name: "a", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}},
		"a device":                            {{Name: "a", Typeflag: tar.TypeChar}},
		"the same file twice":                 {{Name: "a", Typeflag: tar.TypeReg}, {Name: "a", Typeflag: tar.TypeReg}},
		"a path through a file":               {{Name: "a", Typeflag: tar.TypeReg}, {Name: "a/b", Typeflag: tar.TypeReg}},
		"a path through a link that has come": {{Name: "d/e/", Typeflag: tar.TypeDir}, {Name: "d/e/up", Typeflag: tar.TypeSymlink, Linkname: "../.."}, {Name: "d/e/up/../../x", Typeflag: tar.TypeReg}},
		"a way up after a link": {
			{Name: "t/", Typeflag: tar.TypeDir}, {Name: "d/e/k", Typeflag: tar.TypeSymlink, Linkname: "../../t"},
			{Name: "d/e/l", Typeflag: tar.TypeSymlink, Linkname: "k/../../.."},
		},
		"a link behind a link": {
			{Name: "t/", Typeflag: tar.TypeDir}, {Name: "d/e", Typeflag: tar.TypeSymlink, Linkname: "../t"},
			{Name: "d/e/l", Typeflag: tar.TypeSymlink, Linkname: "../../x"},
		},
		"too much": {{Name: "a", Typeflag: tar.TypeReg, Size: parcel.MostBytes + 1}},
	} {
		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		for _, h := range headers {
			h.Mode = 0o644
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
		}
		_ = w.Close()
		base := t.TempDir()
		dir := filepath.Join(base, "in")
		_ = os.Mkdir(dir, 0o755)
		if err := parcel.Unpack(&archive, dir); err == nil {
			t.Errorf("%s: got no error", name)
		}
		if left, _ := os.ReadDir(base); len(left) != 1 {
			t.Errorf("%s: got %v outside", name, left)
		}
	}
}

func TestDamaged(t *testing.T) {
	dir, names := tree(t, map[string]string{"a": "a"})
	made, err := parcel.Make(dir, names)
	if err != nil {
		t.Fatal(err)
	}
	var other bytes.Buffer
	z := gzip.NewWriter(&other)
	_, _ = io.WriteString(z, "something else")
	_ = z.Close()
	for name, data := range map[string][]byte{
		"cut":             made.Data[:len(made.Data)/2],
		"something else":  other.Bytes(),
		"no gzip at all":  []byte("x"),
		"nothing at all":  {},
		"what is not it ": append(bytes.Clone(made.Data), made.Data...),
	} {
		var s store
		s.data.Store(made.Sum, data)
		cache := parcel.Cache{Dir: t.TempDir(), Fetch: s.fetch}
		if err := cache.Unpack(t.Context(), made.Sum, t.TempDir()); !errors.Is(err, parcel.ErrDamaged) {
			t.Errorf("%s: got %v", name, err)
		}
		s.add(made)
		if err := cache.Unpack(t.Context(), made.Sum, t.TempDir()); err != nil {
			t.Errorf("%s: sent again: %v", name, err)
		}
		if left, _ := os.ReadDir(cache.Dir); len(left) != 1 {
			t.Errorf("%s: left %v", name, left)
		}
	}
	cache := parcel.Cache{Dir: t.TempDir(), Fetch: new(store).fetch}
	if err := cache.Unpack(t.Context(), made.Sum, t.TempDir()); !errors.Is(err, parcel.ErrDamaged) {
		t.Errorf("missing: got %v", err)
	}
	if err := cache.Unpack(t.Context(), "../"+made.Sum, t.TempDir()); err == nil {
		t.Error("a sum that is a path: got no error")
	}
}

// TestDamagedOnDisk changes the cache: the bundle is not used, and the next one is fetched.
func TestDamagedOnDisk(t *testing.T) {
	dir, names := tree(t, map[string]string{"a": "here"})
	made, err := parcel.Make(dir, names)
	if err != nil {
		t.Fatal(err)
	}
	var s store
	s.add(made)
	cache := parcel.Cache{Dir: t.TempDir(), Fetch: s.fetch}
	if err := cache.Unpack(t.Context(), made.Sum, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache.Dir, made.Sum, "bundle")
	content, _ := os.ReadFile(path)
	_ = os.WriteFile(path, bytes.Replace(content, []byte("here"), []byte("evil"), 1), 0o644)
	if err := cache.Unpack(t.Context(), made.Sum, t.TempDir()); !errors.Is(err, parcel.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if err := cache.Unpack(t.Context(), made.Sum, t.TempDir()); err != nil || s.count.Load() != 2 {
		t.Errorf("got %v, fetched %d times", err, s.count.Load())
	}
}

func TestUnpackFails(t *testing.T) {
	dir, names := tree(t, map[string]string{"a": "here", "b": "there"})
	made, err := parcel.Make(dir, names)
	if err != nil {
		t.Fatal(err)
	}
	var s store
	s.add(made)
	cache := parcel.Cache{Dir: t.TempDir(), Fetch: s.fetch}
	full := t.TempDir()
	if err := os.Mkdir(filepath.Join(full, "a"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := cache.Unpack(t.Context(), made.Sum, full); err == nil || errors.Is(err, parcel.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if err := cache.Unpack(t.Context(), made.Sum, t.TempDir()); err != nil || s.count.Load() != 1 {
		t.Errorf("wanted that it is still there, got %v, fetched %d times", err, s.count.Load())
	}
}

func TestTogether(t *testing.T) {
	dir, names := tree(t, map[string]string{"a": strings.Repeat("a", 1<<20)})
	made, err := parcel.Make(dir, names)
	if err != nil {
		t.Fatal(err)
	}
	var s store
	s.add(made)
	cache := parcel.Cache{Dir: t.TempDir(), Fetch: s.fetch}
	var all sync.WaitGroup
	for range 8 {
		to := t.TempDir()
		all.Go(func() {
			if err := cache.Unpack(t.Context(), made.Sum, to); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s.count.Load() != 1 {
		t.Errorf("fetched %d times", s.count.Load())
	}
}

func TestProgram(t *testing.T) {
	dir, _ := tree(t, map[string]string{"p": "#!/bin/sh\n"})
	made, err := parcel.MakeFile(filepath.Join(dir, "p"))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("#!/bin/sh\n"))
	if sum, err := parcel.Sum(filepath.Join(dir, "p")); err != nil || sum != made.Sum || sum != hex.EncodeToString(digest[:]) {
		t.Errorf("got %s and %s, %v", sum, made.Sum, err)
	}
	var s store
	s.add(made)
	cache := parcel.Cache{Dir: t.TempDir(), Fetch: s.fetch}
	at, release, err := cache.Program(t.Context(), made.Sum, "avescript")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if info, err := os.Stat(filepath.Join(at, "avescript")); err != nil || info.Mode() != 0o755 {
		t.Errorf("got %v, %v", info, err)
	}
}

// TestEviction: what is in use stays, and of the rest what was used last.
func TestEviction(t *testing.T) {
	var s store
	cache := parcel.Cache{Dir: t.TempDir(), Fetch: s.fetch, Most: 2500}
	get := func(content string) (sum string, release func()) {
		t.Helper()
		dir, _ := tree(t, map[string]string{"p": strings.Repeat(content, 1000)})
		made, err := parcel.MakeFile(filepath.Join(dir, "p"))
		if err != nil {
			t.Fatal(err)
		}
		s.add(made)
		_, release, err = cache.Program(t.Context(), made.Sum, "p")
		if err != nil {
			t.Fatal(err)
		}
		return made.Sum, release
	}
	past := func(sum string, hours int) {
		then := time.Now().Add(-time.Duration(hours) * time.Hour)
		_ = os.Chtimes(filepath.Join(cache.Dir, sum), then, then)
	}
	there := func(sum string) bool {
		_, err := os.Stat(filepath.Join(cache.Dir, sum))
		return err == nil
	}
	used, release := get("a")
	past(used, 9)
	old, done := get("b")
	done()
	past(old, 5)
	recent, done := get("c")
	done()
	if !there(used) || there(old) || !there(recent) {
		t.Errorf("too much: in use %v, old %v, recent %v", there(used), there(old), there(recent))
	}
	release()
	cache.Age = time.Hour
	past(used, 2)
	cache.Most = 0
	_, done = get("d")
	done()
	if there(used) || !there(recent) {
		t.Errorf("too old: %v, recent: %v", there(used), there(recent))
	}
}

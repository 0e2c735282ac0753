package bundle

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var sample = Contents{
	Script:  Source{"main.lua", []byte("print(1)")},
	Modules: map[string]Source{"lib.b": {"./lib/b.lua", []byte("return 2")}, "a": {"a.lua", nil}},
	Files:   []Source{{"z.txt", []byte("zzz")}, {"dir/a.bin", []byte{0, 255}}},
}

func makeSample(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tool")
	if err := Make(t.Context(), path, sample, false); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBundle(t *testing.T) {
	if b, err := Self(); b != nil || err != nil {
		t.Fatalf("this program has no bundle, got %v, %v", b, err)
	}
	path := makeSample(t)
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o755 {
		t.Errorf("got %v, %v", info, err)
	}
	b, err := Open(path)
	if err != nil || b == nil {
		t.Fatalf("got %v, %v", b, err)
	}
	if name, text, err := b.Script(); name != "main.lua" || string(text) != "print(1)" || err != nil {
		t.Errorf("got %s, %q, %v", name, text, err)
	}
	for name, want := range map[string]string{"lib.b": "./lib/b.lua return 2 true", "a": "a.lua  true", "lib": "  false"} {
		file, text, ok, err := b.Module(name)
		if got := fmt.Sprintf("%s %s %v", file, text, ok); got != want || err != nil {
			t.Errorf("%s: wanted %q, got %q, %v", name, want, got, err)
		}
	}
	if got := strings.Join(b.Files(), " "); got != "dir/a.bin z.txt" {
		t.Errorf("got %s", got)
	}
	if text, ok, err := b.File("dir/a.bin"); string(text) != "\x00\xff" || !ok || err != nil {
		t.Errorf("got %q, %v, %v", text, ok, err)
	}
	if _, ok, err := b.File("a.bin"); ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
	again := makeSample(t)
	one, two := readFile(t, path), readFile(t, again)
	if !bytes.Equal(one, two) {
		t.Error("equal contents gave different programs")
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatIsReplaced(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("script.lua", []byte("print(1)"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("directory", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("script.lua", "link"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path  string
		force bool
		want  string
	}{
		{"script.lua", false, "cannot write script.lua: a file exists that avescript bundle has not made; use --force to replace it"},
		{"directory", true, "cannot write directory: it exists and is not a regular file"},
		{"link", true, "cannot write link: it exists and is not a regular file"},
		{"tool", false, ""},
		{"tool", false, ""},
		{"script.lua", true, ""},
	} {
		err := Make(t.Context(), test.path, sample, test.force)
		if err == nil && test.want != "" || err != nil && err.Error() != test.want {
			t.Errorf("%s: wanted %q, got %v", test.path, test.want, err)
		}
	}
	if entries, _ := os.ReadDir("."); len(entries) != 4 {
		t.Errorf("got %v", entries)
	}
}

// The index cannot have such a name, so that nothing would find the file.
func TestNamesAreUTF8(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tool")
	for _, contents := range []Contents{
		{Files: []Source{{"caf\xe9", nil}}},
		{Modules: map[string]Source{"caf\xe9": {"x.lua", nil}}},
	} {
		if err := Make(t.Context(), path, contents, false); err == nil || !strings.Contains(err.Error(), `"caf\xe9" into a bundle: wanted UTF-8`) {
			t.Errorf("got %v", err)
		}
	}
}

// Whatever is cut off or changed in the archive is noticed.
func TestDamage(t *testing.T) {
	path := makeSample(t)
	whole := readFile(t, path)
	program, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	end, err := programEnd(program)
	if err != nil {
		t.Fatal(err)
	}
	archive := whole[end:]
	check := func(what string, archive []byte) {
		t.Helper()
		b, err := read(bytes.NewReader(archive), 0, int64(len(archive)))
		if err == nil && b == nil {
			t.Errorf("%s: it was not taken for a bundle", what)
			return
		}
		if b == nil {
			return
		}
		b.path = filepath.Join(t.TempDir(), "archive")
		if err := os.WriteFile(b.path, archive, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, failed := b.Script()
		for name := range b.Modules {
			_, _, _, err := b.Module(name)
			failed = first(failed, err)
		}
		for _, name := range b.Files() {
			_, _, err := b.File(name)
			failed = first(failed, err)
		}
		if failed == nil {
			t.Errorf("%s was not noticed", what)
		}
	}
	for length := 1; length < len(archive); length++ {
		check(fmt.Sprintf("a cut after %d bytes", length), archive[:length])
	}
	for i := len(mark); i < len(archive); i++ {
		changed := bytes.Clone(archive)
		changed[i] ^= 0x40
		check(fmt.Sprintf("another byte %d", i), changed)
	}
}

// A tool that cannot be read is not taken for the avescript that it was made of.
func TestUnreadableProgram(t *testing.T) {
	path := makeSample(t)
	program, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	end, err := programEnd(program)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, end); err != nil {
		t.Fatal(err)
	}
	if b, err := Open(path); b != nil || err != nil {
		t.Errorf("a program without a bundle: got %v, %v", b, err)
	}
	if err := os.Truncate(path, end-1); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || err.Error() != "the end of this program is missing: copy it again" {
		t.Errorf("a program that was cut off: got %v", err)
	}
	if err := Make(t.Context(), path, sample, false); err == nil {
		t.Error("a file that may be no bundle was replaced")
	}
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(loop); err == nil || !strings.HasPrefix(err.Error(), "cannot read this program, which may have a bundle: ") {
		t.Errorf("a program that cannot be opened: got %v", err)
	}
	if b, err := Open(filepath.Join(t.TempDir(), "none")); b != nil || err != nil {
		t.Errorf("no program: got %v, %v", b, err)
	}
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// What another program has at its end is nothing of ours.
func TestOtherEnds(t *testing.T) {
	for _, end := range []string{"signature", "\navescript archive\n", strings.Repeat("\n", 100)} {
		if b, err := read(strings.NewReader(end), 0, int64(len(end))); b != nil || err != nil {
			t.Errorf("%q: got %v, %v", end, b, err)
		}
	}
}

// FuzzOpen reads what may be any file: that in whose place a bundle is to be written.
func FuzzOpen(f *testing.F) {
	elf := make([]byte, 192)
	copy(elf, "\x7fELF\x02\x01")
	elf[0x28], elf[0x3a], elf[0x3c] = 64, 64, 2
	f.Add(append(elf, mark...))
	f.Add([]byte(mark))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err := Open(path); b != nil && err == nil {
			_, _, _ = b.Script()
		}
	})
}

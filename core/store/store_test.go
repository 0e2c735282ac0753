package store

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"avescript/internal/reexec"
)

func TestMain(m *testing.M) {
	reexec.Main(reexec.Programs{"writer": writeUntilKilled})
	os.Exit(m.Run())
}

// writeUntilKilled lets several goroutines count, each in a record of its own and in
// one commit with a second record, and prints what is on the disk.
func writeUntilKilled(args []string) error {
	s, err := Open(args[0], nil)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range 4 {
		go func() {
			for n := 1; ; n++ {
				text := []byte(strconv.Itoa(n))
				err := s.Submit([]Record{{"first", strconv.Itoa(w), text}, {"second", strconv.Itoa(w), text}}).Wait()
				if err != nil {
					failed <- err
				}
				fmt.Printf("%d %d\n", w, n)
			}
		}()
	}
	return <-failed
}

func openStore(t *testing.T, path string, content []Record) *Store {
	t.Helper()
	s, err := Open(path, content)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func contentOf(t *testing.T, s *Store) map[string]string {
	t.Helper()
	content := map[string]string{}
	err := s.Records(func(r Record) error {
		content[r.Bucket+"/"+r.Key] = string(r.Value)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func wantContent(t *testing.T, s *Store, want map[string]string) {
	t.Helper()
	if got := contentOf(t, s); !maps.Equal(got, want) {
		t.Errorf("wanted %v, got %v", want, got)
	}
}

func TestRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path, nil)
	var all []*Commit
	for _, text := range []string{"one", "two", "three"} {
		all = append(all, s.Submit([]Record{{"a", "x", []byte(text)}, {"b", text, []byte{}}}))
	}
	all = append(all, s.Submit([]Record{{"b", "two", nil}, {"b", "unknown", nil}}), s.Submit(nil))
	for _, c := range all {
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"a/x": "three", "b/one": "", "b/three": ""}
	wantContent(t, s, want)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path, nil)
	wantContent(t, s, want)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path, []Record{{"c", "only", []byte("this")}})
	wantContent(t, s, map[string]string{"c/only": "this"})
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("wanted a file of nobody else's, got %v, %v", info.Mode(), err)
	}
}

// After a process was killed, everything that it had reported is on the disk, and each
// change is complete.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	for round := range 5 {
		writer := reexec.Command("writer", path)
		writer.Stderr = os.Stderr
		out, err := writer.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		told := map[string]int{}
		lines := bufio.NewScanner(out)
		for n := 0; n < 40+13*round && lines.Scan(); n++ {
			note(t, told, lines.Text())
		}
		writer.Process.Kill()
		for lines.Scan() { // what it wrote before it died
			note(t, told, lines.Text())
		}
		writer.Wait()
		s := openStore(t, path, nil)
		content := contentOf(t, s)
		for w, n := range told {
			first, _ := strconv.Atoi(content["first/"+w])
			second, _ := strconv.Atoi(content["second/"+w])
			if first < n || first != second {
				t.Errorf("writer %s was told %d, and the disk has %d and %d", w, n, first, second)
			}
		}
		if len(told) == 0 {
			t.Error("wanted some writes, got none")
		}
		s.Close()
	}
}

func note(t *testing.T, told map[string]int, line string) {
	t.Helper()
	w, n, ok := strings.Cut(line, " ")
	number, err := strconv.Atoi(n)
	if !ok || err != nil {
		t.Fatalf("the writer says %q", line)
	}
	told[w] = number
}

// smallDisk mounts a file system of this size, in bytes.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("a small disk cannot be mounted: %v; this test needs root", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fill uses up the rest of a disk.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "rest"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); ; {
		if _, err := f.Write(block); err != nil {
			return func() { os.Remove(f.Name()) }
		}
	}
}

// A write that fails on a full disk changes nothing, nothing else is written until that
// was restored, and when there is space again, the store continues.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, 1<<20)
	path := filepath.Join(dir, "state.db")
	s := openStore(t, path, nil)
	if err := s.Submit([]Record{{"a", "small", []byte("old")}, {"a", "gone", []byte("there")}}).Wait(); err != nil {
		t.Fatal(err)
	}
	free := fill(t, dir)
	big := make([]byte, 300<<10)
	first := s.Submit([]Record{{"a", "small", []byte("new")}, {"a", "gone", nil}, {"a", "big", big}})
	second := s.Submit([]Record{{"a", "small", []byte("newer")}, {"a", "other", []byte("x")}})
	for _, c := range []*Commit{first, second} {
		if err := c.Wait(); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("wanted no space left, got %v", err)
		}
	}
	if err := s.Submit([]Record{{"a", "late", []byte("x")}}).Wait(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("wanted the same error before the changes were undone, got %v", err)
	}
	back := map[string]string{}
	for _, r := range s.Undo() {
		back[r.Key] = "removed"
		if r.Value != nil {
			back[r.Key] = string(r.Value)
		}
	}
	want := map[string]string{"small": "old", "gone": "there", "big": "removed", "other": "removed", "late": "removed"}
	if !maps.Equal(back, want) {
		t.Errorf("wanted to put back %v, got %v", want, back)
	}
	if len(s.Undo()) != 0 {
		t.Error("wanted nothing to put back twice")
	}
	wantContent(t, s, map[string]string{"a/small": "old", "a/gone": "there"})
	free()
	if err := s.Submit([]Record{{"a", "small", []byte("again")}}).Wait(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	wantContent(t, openStore(t, path, nil), map[string]string{"a/small": "again", "a/gone": "there"})
}

// If the disk is full when a store is created, nothing is left that would be refused
// later.
func TestFullDiskAtFirst(t *testing.T) {
	dir := smallDisk(t, 16<<10)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 8<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "state.db")
	if _, err := Open(path, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("wanted no space left, got %v", err)
	}
	os.Remove(ballast)
	openStore(t, path, nil)
}

// Changes that arrive while others are written are written together, and each is on the
// disk when that is reported.
func TestGroupCommit(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"), nil)
	const writers, each = 50, 10
	var running sync.WaitGroup
	for w := range writers {
		running.Go(func() {
			for n := range each {
				key := fmt.Sprintf("%d-%d", w, n)
				if err := s.Submit([]Record{{"a", key, []byte("x")}}).Wait(); err != nil {
					t.Error(err)
				}
				if s.stored(id{"a", key}) == nil {
					t.Errorf("wanted %s on the disk", key)
				}
			}
		})
	}
	running.Wait()
	if n := len(contentOf(t, s)); n != writers*each {
		t.Errorf("wanted %d records, got %d", writers*each, n)
	}
	if commits := s.lastWrite(t); commits > writers*each/2 {
		t.Errorf("wanted %d changes to go to the disk together, got %d writes", writers*each, commits)
	}
}

// lastWrite is the number of the last write to the file.
func (s *Store) lastWrite(t *testing.T) int {
	t.Helper()
	tx, err := s.db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	return tx.ID()
}

func TestInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	openStore(t, path, nil)
	_, err := Open(path, nil)
	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.Pid != os.Getpid() {
		t.Errorf("wanted to be told that process %d has it, got %v", os.Getpid(), err)
	}
}

func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path, nil)
	for n := range 200 {
		if err := s.Submit([]Record{{"a", strconv.Itoa(n), make([]byte, 500)}}).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	zeros := append(whole[:8192:8192], make([]byte, len(whole)-8192)...)
	for name, content := range map[string][]byte{
		"text": []byte("this is not a store"), "cut": whole[:20000], "cut early": whole[:5000], "zeros": zeros,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, nil)
		if err == nil {
			err = errors.Join(s.Records(func(Record) error { return nil }), s.Close())
		}
		var damaged *DamagedError
		if !errors.As(err, &damaged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: wanted an error that names the file, got %v", name, err)
		}
	}
	if _, err := Open(filepath.Join(path, "none"), nil); err == nil || errors.As(err, new(*DamagedError)) {
		t.Errorf("wanted to be told that the directory is missing, got %v", err)
	}
}

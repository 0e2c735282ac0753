package mainloop_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/vm"
)

var update = flag.Bool("update", false, "write testdata/*.out anew from what lua5.1 prints")

// TestMain has the tests choose the loop, whatever the environment says.
func TestMain(m *testing.M) {
	os.Unsetenv("AVESCRIPT_LOOP")
	os.Exit(m.Run())
}

// ownOnly are the programs that gopher-lua's own loop does not run as lua5.1 does:
// messages, numbers in "..", metamethods that are tables.
var ownOnly = map[string]bool{"messages": true, "metamethods": true, "numbers": true}

// programs returns what lua5.1 prints for each program in testdata.
func programs(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	wanted := map[string]string{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".lua")
		golden := filepath.Join("testdata", name+".out")
		if *update {
			cmd := exec.Command("lua5.1", "-")
			cmd.Stdin = strings.NewReader(read(t, file))
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("lua5.1 %s: %v", file, err)
			}
			if err := os.WriteFile(golden, out, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		wanted[name] = read(t, golden)
	}
	return wanted
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// newVM makes an interpreter that prints to the file, if it is not nil.
func newVM(t *testing.T, stdout *os.File) *vm.VM {
	t.Helper()
	stdio := vm.Stdio{In: strings.NewReader("")}
	if stdout != nil {
		stdio.Out = stdout
	}
	v := vm.New(stdio)
	t.Cleanup(v.Close)
	return v
}

// execute runs source and returns its results as text.
func execute(v *vm.VM, ctx context.Context, source string) (results []string, err error) {
	err = v.Do(ctx, func(L *lua.LState) error {
		fn, err := v.Load([]byte(source), "stdin")
		if err != nil {
			return err
		}
		L.Push(fn)
		L.Call(0, lua.MultRet)
		for i := 1; i <= L.GetTop(); i++ {
			results = append(results, L.Get(i).String())
		}
		return nil
	})
	return results, err
}

// printed returns what a program prints in an interpreter that setUp has prepared.
func printed(t *testing.T, source string, setUp ...func(*vm.VM)) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	v := newVM(t, out)
	for _, f := range setUp {
		f(v)
	}
	if _, err := execute(v, t.Context(), source); err != nil {
		var e *vm.Error
		if errors.As(err, &e) {
			t.Fatalf("%s\n%s\n%s", e.Text, vm.Traceback(e.Frames), e.Bug)
		}
		t.Fatal(err)
	}
	v.Finish()
	return read(t, out.Name())
}

func TestProgramsPrintWhatLua51Prints(t *testing.T) {
	wanted := programs(t)
	for name, want := range wanted {
		source := read(t, filepath.Join("testdata", name+".lua"))
		t.Run(name, func(t *testing.T) {
			t.Setenv("AVESCRIPT_LOOP", "")
			if diff := cmp.Diff(want, printed(t, source)); diff != "" {
				t.Errorf("not as lua5.1 (-want +got):\n%s", diff)
			}
		})
		if ownOnly[name] {
			continue
		}
		t.Run(name+" under gopher-lua's loop", func(t *testing.T) {
			t.Setenv("AVESCRIPT_LOOP", "stock")
			if diff := cmp.Diff(want, printed(t, source)); diff != "" {
				t.Errorf("not as lua5.1 (-want +got):\n%s", diff)
			}
		})
	}
}

// The snippets of the library's tests, and the programs of the compiler's.
func TestOtherProgramsPrintWhatLua51Prints(t *testing.T) {
	t.Setenv("TZ", "UTC")
	time.Local = time.UTC
	goldens, _ := filepath.Glob("../stdlib/testdata/*.golden")
	outputs, _ := filepath.Glob("../syntax/testdata/*.out")
	if len(goldens) == 0 || len(outputs) == 0 {
		t.Fatalf("wanted the programs of other tests, found %q and %q", goldens, outputs)
	}
	for _, golden := range append(goldens, outputs...) {
		source := read(t, strings.TrimSuffix(golden, filepath.Ext(golden))+".lua")
		if strings.HasSuffix(golden, ".golden") {
			source = fmt.Sprintf("%s\nlocal lines = {}\nfor line in (%q):gmatch('[^\\n]+') do lines[#lines + 1] = line end\nrun(lines)",
				strings.Replace(read(t, "../stdlib/testdata/driver.lua"), "return function(lines)", "local run = function(lines)", 1), source)
		}
		t.Run(golden, func(t *testing.T) {
			if diff := cmp.Diff(read(t, golden), printed(t, source)); diff != "" {
				t.Errorf("not as lua5.1 (-want +got):\n%s", diff)
			}
		})
	}
}

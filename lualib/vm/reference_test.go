package vm_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"avescript/lualib/vm"
)

var update = flag.Bool("update", false, "write testdata/lua51/*.golden anew, with lua5.1")

// TestLua51 runs testdata/lua51/*.lua, each of which prints what lua5.1 prints.
func TestLua51(t *testing.T) {
	t.Setenv("AVESCRIPT_LOOP", "") // gopher-lua's own loop has its own messages
	t.Chdir("testdata/lua51")
	files, err := filepath.Glob("*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	reference, missing := exec.LookPath("lua5.1")
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			golden := strings.TrimSuffix(file, ".lua") + ".golden"
			if missing == nil {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				output, err := exec.CommandContext(ctx, reference, file).CombinedOutput()
				if err != nil {
					t.Fatalf("lua5.1: %v\n%s", err, output)
				}
				if *update {
					if err := os.WriteFile(golden, output, 0o666); err != nil {
						t.Fatal(err)
					}
				} else if diff := cmp.Diff(string(output), readFile(t, golden)); diff != "" {
					t.Errorf("%s is not what lua5.1 prints; write it anew with -update:\n%s", golden, diff)
				}
			}
			if diff := cmp.Diff(readFile(t, golden), printed(t, file)); diff != "" {
				t.Errorf("not as lua5.1 (-want +got):\n%s", diff)
			}
		})
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// printed returns what a program prints.
func printed(t *testing.T, file string) string {
	t.Helper()
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	v := vm.New(vm.Stdio{Out: output})
	defer v.Close()
	_, err = runNamed(t, v, t.Context(), readFile(t, file), file)
	var raised *vm.Error
	if errors.As(err, &raised) {
		t.Errorf("%s\n%s\n%s", raised.Text, vm.Traceback(raised.Frames), raised.Bug)
	} else if err != nil {
		t.Error(err)
	}
	v.Finish()
	return readFile(t, output.Name())
}

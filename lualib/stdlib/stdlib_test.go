package stdlib_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"avescript/lualib/stdlib"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

var update = flag.Bool("update", false, "write testdata/*.golden anew, with lua5.1")

// Snippets that the reference answers otherwise, with the reason in the
// package's documentation, are in the other tests.
var areas = []string{"string", "pattern", "format", "table", "base", "math", "os", "io"}

// The snippets have local times and names of temporary files in them.
func TestMain(m *testing.M) {
	os.Unsetenv("TMPDIR")
	os.Setenv("TZ", "UTC")
	time.Local = time.UTC
	os.Exit(m.Run())
}

// newState is a state with the library, as the VM makes it.
func newState(t testing.TB, host stdlib.Host) *lua.LState {
	t.Helper()
	L := lua.NewState(lua.Options{
		RegistrySize: 1024, RegistryMaxSize: 1 << 20, RegistryGrowStep: 4096,
		CallStackSize: 4096, MinimizeStackMemory: true,
	})
	t.Cleanup(L.Close)
	stdlib.Open(L, host)
	return L
}

// run runs a chunk and returns what it returns.
func run(t *testing.T, L *lua.LState, source string) []string {
	t.Helper()
	top := L.GetTop()
	if err := L.DoString(source); err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	var results []string
	for i := top + 1; i <= L.GetTop(); i++ {
		results = append(results, L.Get(i).String())
	}
	L.SetTop(top)
	return results
}

func snippets(t *testing.T, area string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", area+".lua"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// ours is what the library makes of an area's snippets.
func ours(t *testing.T, area string) string {
	t.Helper()
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	L := newState(t, stdlib.Host{Stdin: strings.NewReader(""), Stdout: output})
	list := L.NewTable()
	for _, snippet := range snippets(t, area) {
		list.Append(lua.LString(snippet))
	}
	if err := L.DoFile("testdata/driver.lua"); err != nil {
		t.Fatal(err)
	}
	if err := L.CallByParam(lua.P{Fn: L.Get(-1), Protect: true}, list); err != nil {
		t.Fatal(err)
	}
	stdlib.Flush(L)
	text, err := os.ReadFile(output.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const referenceMain = `
io.stdout:setvbuf("no")
local lines = {}
for line in io.lines(arg[1]) do lines[#lines + 1] = line end
dofile("testdata/driver.lua")(lines)
`

// reference is what lua5.1 makes of them.
func reference(t *testing.T, area string) string {
	t.Helper()
	interpreter, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Skip("lua5.1 is not installed")
	}
	main := filepath.Join(t.TempDir(), "main.lua")
	if err := os.WriteFile(main, []byte(referenceMain), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(interpreter, main, filepath.Join("testdata", area+".lua"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("lua5.1: %v: %s", err, stderr.String())
	}
	return string(output)
}

func TestGolden(t *testing.T) {
	for _, area := range areas {
		t.Run(area, func(t *testing.T) {
			name := filepath.Join("testdata", area+".golden")
			if *update {
				if err := os.WriteFile(name, []byte(reference(t, area)), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), ours(t, area)); diff != "" {
				t.Errorf("not as lua5.1 (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReference(t *testing.T) {
	for _, area := range areas {
		t.Run(area, func(t *testing.T) {
			if diff := cmp.Diff(reference(t, area), ours(t, area)); diff != "" {
				t.Errorf("not as lua5.1 (-want +got):\n%s", diff)
			}
		})
	}
}

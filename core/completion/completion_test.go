package completion

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestIsHere(t *testing.T) {
	for _, test := range []struct {
		host, local string
		want        bool
	}{
		{"localhost", "127.0.0.1", true},
		{"localhost", "::1", true},
		{"localhost", "192.168.1.2", false},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.2", "127.0.0.1", true},
		{"[::1]", "::1", true},
		{"192.168.1.2", "192.168.1.2", true},
		{"192.168.1.3", "192.168.1.2", false},
		{"lab.example", "127.0.0.1", false},
		{"", "127.0.0.1", true},
	} {
		if got := isHere(test.host, test.local); got != test.want {
			t.Errorf("%q reaches %q: got %v", test.host, test.local, got)
		}
	}
}

func TestScript(t *testing.T) {
	for _, shell := range Shells {
		if text, err := Script("avescript", shell); err != nil || text == "" {
			t.Errorf("%s: got %q, %v", shell, text, err)
		}
	}
	if _, err := Script("avescript", "tcsh"); err == nil || err.Error() != `wanted bash, zsh, fish, got "tcsh"` {
		t.Errorf("got %v", err)
	}
}

// Names come from services, and files from anybody: a shell that gets one has to read it as
// that word, and must not run it.
func TestBashRunsNoCandidate(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	t.Chdir(t.TempDir())
	names := []string{"g$(touch ran)", "g`touch ran`", `g"q`, "g'q", `g\b`, "g b;touch ran", "g$HOME", "g!x"}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script, err := Script("avescript", "bash")
	if err != nil {
		t.Fatal(err)
	}
	write("script", script)
	write("names", "#!/bin/sh\ncat <<'end'\n"+strings.Join(names, "\n")+"\n:4\nend\n")
	write("files", "#!/bin/sh\necho :0\n")
	for _, name := range names {
		write(name, "")
	}
	write("try", `source ./script
compopt() { :; }
COMP_LINE=$1 COMP_POINT=${#1}
_avescript avescript "$2" before
for reply in "${COMPREPLY[@]}"; do
	printf '%s\n' "$3$reply$3"
	eval "printf '=%s\n' $3$reply$3"
done
`)
	for _, program := range []string{"names", "files"} {
		at := map[string]string{"names": "", "files": "@"}[program]
		for _, quote := range []string{"", `"`, "'"} {
			line := "./" + program + " call 4000 " + map[string]string{"names": "", "files": "m "}[program] + quote + at + "g"
			out, err := exec.CommandContext(t.Context(), bash, "--norc", "try", line, at+"g", quote).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, name := range names {
				want := quote != `"` || !strings.Contains(name, "!")
				if got := strings.Contains(string(out), "\n="+at+name+"\n"); got != want {
					t.Errorf("%s: %s: offered %v in\n%s", line, name, got, out)
				}
			}
		}
	}
	if _, err := os.Stat(filepath.Join(".", "ran")); err == nil {
		t.Error("a candidate was run")
	}
}

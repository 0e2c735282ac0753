package editor_test

import (
	"os"
	"os/exec"
	"testing"

	"avescript/core/pty"
	"avescript/internal/reexec"
	"avescript/internal/screentest"
)

func TestSuspend(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := screentest.Start(t, pty.Size{Cols: 200}, []string{"PS1=shell: "}, bash, "--norc", "--noprofile", "-i")
	p.Ends("shell:")
	p.Types(self + " " + reexec.Argument("edit") + " " + t.TempDir() + "/history\r")
	p.Ends(">")
	p.Types("half<Ctrl-z>")
	p.Ends("shell:")
	p.Types("stty -a | grep -c ' icanon'\r")
	p.Ends("1", "shell:")
	p.Types("fg\r")
	p.Ends("> half")
	p.Types("er<Enter>")
	p.Ends(`got "halfer"`, ">")
}

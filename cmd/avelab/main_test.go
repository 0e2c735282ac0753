package main

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"avescript/internal/built"
	"avescript/internal/golden"
	"avescript/internal/hubports"
	"avescript/internal/poll"
)

func TestMain(m *testing.M) {
	poll.Parallel(8)
	testscript.Main(m, map[string]func(){"avelab": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       golden.Updating(),
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/home")
			me, err := user.Current()
			if err != nil {
				return err
			}
			env.Setenv("ME", me.Username) // jobs run as this account, even if it is root
			return os.Mkdir(env.WorkDir+"/home", 0o755)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status":    status,
			"await":     await,
			"last":      last,
			"avescript": avescript,
			"addresses": addresses,
		},
	})
}

// status is "status N program args...": the program must end with the exit status N. What
// it has written can be matched by stdout and stderr of the files out and err.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "AVE_LAB="+ts.Getenv("AVE_LAB"), "AVESCRIPT="+ts.Getenv("AVESCRIPT"))
	cmd.Stdout, cmd.Stderr = create(ts, "out"), create(ts, "err")
	err = cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%v: wanted exit status %d, got %d (%v)\n%s", cmd.Args, want, got, err, ts.ReadFile("out")+ts.ReadFile("err"))
	}
}

func create(ts *testscript.TestScript, name string) *os.File {
	f, err := os.Create(ts.MkAbs(name))
	ts.Check(err)
	ts.Defer(func() { f.Close() })
	return f
}

// await is "await FILE PATTERN": it waits until the text of a file matches the pattern.
// "await PATTERN -- program args..." waits until the output of a program does.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await FILE PATTERN, or await PATTERN -- program args...")
	}
	read := func() string {
		text, _ := os.ReadFile(ts.MkAbs(args[0]))
		return string(text)
	}
	pattern := args[1]
	if len(args) > 2 {
		pattern = args[0]
		read = func() string {
			cmd := exec.Command(args[2], args[3:]...)
			cmd.Dir, cmd.Env = ts.MkAbs("."), append(os.Environ(), "HOME="+ts.Getenv("HOME"))
			text, _ := cmd.CombinedOutput()
			return string(text)
		}
	}
	matches, err := regexp.Compile("(?m)" + pattern)
	ts.Check(err)
	text := ""
	if !poll.Holds(func() bool { text = read(); return matches.MatchString(text) }) {
		ts.Fatalf("wanted %v to match %s, got:\n%s", args, pattern, text)
	}
}

// last is "last NAME PATTERN FILE": the variable is what matches in a file, or in stdout.
func last(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: last NAME PATTERN FILE")
	}
	found := regexp.MustCompile("(?m)" + args[1]).FindString(ts.ReadFile(args[2]))
	if found == "" {
		ts.Fatalf("nothing matches %s in:\n%s", args[1], ts.ReadFile(args[2]))
	}
	ts.Setenv(args[0], found)
}

// addresses is "addresses NAME...": the variables are addresses for the hubs of a cluster.
func addresses(ts *testscript.TestScript, _ bool, names []string) {
	list, err := hubports.Addresses(len(names))
	ts.Check(err)
	for i, name := range names {
		ts.Setenv(name, list[i])
	}
}

// avescript builds the real avescript, and puts it into PATH.
func avescript(ts *testscript.TestScript, _ bool, _ []string) {
	dir := ts.MkAbs("programs")
	ts.Check(built.Into(dir, "avescript"))
	ts.Setenv("AVESCRIPT", filepath.Join(dir, "avescript"))
	ts.Setenv("PATH", dir+":"+ts.Getenv("PATH"))
}

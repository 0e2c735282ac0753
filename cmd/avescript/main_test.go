package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"avescript/core/bundle"
	"avescript/core/process"
	"avescript/internal/golden"
	"avescript/internal/poll"
)

func TestMain(m *testing.M) {
	if tool, err := bundle.Self(); tool != nil || err != nil {
		main() // what a test has bundled
	}
	testscript.Main(m, map[string]func(){"avescript": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       golden.Updating(),
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			env.Setenv("XDG_CACHE_HOME", env.WorkDir+"/cache")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": status,
			"signal": signalWhenReady,
			"await":  await,
		},
	})
}

// status is "status N program args...": the program must end with the exit status N.
// Its output is written to the files out and err. If there is a file in, the program
// reads it.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program args...")
	}
	cmd := command(ts, args[1:])
	err := cmd.Run()
	checkStatus(ts, args[0], cmd, err)
}

// startObedient starts a program with default signal handling, even if this process
// ignores signals, as under nohup. The program is killed when this process dies,
// because testscript does not know about it, and a script that loops would run on
// without limit.
func startObedient(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	return process.Spawn(func() error { return process.WithDefaultSignals(cmd.Start) })
}

// waitForEnd waits for a program, and kills it if it does not end in time.
func waitForEnd(cmd *exec.Cmd) (err error, inTime bool) {
	const limit = time.Minute
	kill := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	return err, kill.Stop()
}

// signalWhenReady is "signal NAME N program args...": like status, but the program gets
// the signal when it has written "ready".
func signalWhenReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: signal NAME N program args...")
	}
	number := unix.SignalNum("SIG" + args[0])
	if number == 0 {
		ts.Fatalf("wanted the name of a signal without SIG, got %s", args[0])
	}
	cmd := command(ts, args[2:])
	ts.Check(startObedient(cmd))
	if !poll.Holds(func() bool { return strings.Contains(ts.ReadFile("out"), "ready\n") }) {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		ts.Fatalf("%v: wanted it to write ready, got %q", args[2:], ts.ReadFile("out"))
	}
	ts.Check(cmd.Process.Signal(number))
	err, inTime := waitForEnd(cmd)
	if !inTime {
		ts.Fatalf("%v: did not end after SIG%s", args[2:], args[0])
	}
	checkStatus(ts, args[1], cmd, err)
}

// await is "await FILE PATTERN": it waits until the text of a file matches the pattern.
// The file may not exist yet.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE PATTERN")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	var text []byte
	matches := func() bool {
		text, _ = os.ReadFile(ts.MkAbs(args[0]))
		return pattern.Match(text)
	}
	if !poll.Holds(matches) {
		ts.Fatalf("wanted %s to match %s, got:\n%s", args[0], pattern, text)
	}
}

// command connects a program to the files stdin, stdout and stderr in the
// script's directory.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = os.Environ()
	for _, name := range []string{"XDG_STATE_HOME", "XDG_CACHE_HOME"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	if stdin, err := os.Open(ts.MkAbs("in")); err == nil {
		ts.Defer(func() { stdin.Close() })
		cmd.Stdin = stdin
	}
	cmd.Stdout = create(ts, "out")
	cmd.Stderr = create(ts, "err")
	return cmd
}

func create(ts *testscript.TestScript, name string) *os.File {
	f, err := os.Create(ts.MkAbs(name))
	ts.Check(err)
	ts.Defer(func() { f.Close() })
	return f
}

func checkStatus(ts *testscript.TestScript, want string, cmd *exec.Cmd, err error) {
	n, convErr := strconv.Atoi(want)
	ts.Check(convErr)
	if got := cmd.ProcessState.ExitCode(); got != n {
		ts.Fatalf("%v: wanted exit status %d, got %d (%v)\n%s", cmd.Args, n, got, err,
			fmt.Sprint(ts.ReadFile("out"), ts.ReadFile("err")))
	}
}

// Usually the second signal arrives before the command has ended.
func TestSecondSignalLeavesNothingOfACommand(t *testing.T) {
	dir := t.TempDir()
	mark := "AVE_TEST_MAIN_MARK=" + dir
	avescript := exec.Command("avescript", "-e", `ave.cmd.run({"sh", "-c", "nohup setsid -w sleep 1000 & exec nohup sleep 1000"})`)
	avescript.Dir = dir
	avescript.Env = append(os.Environ(), mark)
	if err := startObedient(avescript); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "both commands run", func() bool { return len(sleeping(t, mark)) == 2 })
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := avescript.Process.Signal(s); err != nil {
			t.Error(err)
		}
	}
	_ = avescript.Wait()
	status := avescript.ProcessState.ExitCode()
	if status != 128+int(syscall.SIGTERM) && status != 128+int(syscall.SIGINT) {
		t.Errorf("wanted the exit status of one of the signals, got %d", status)
	}
	for _, pid := range sleeping(t, mark) {
		t.Errorf("process %d is left", pid)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// sleeping finds the sleep programs with mark in their environment.
func sleeping(t *testing.T, mark string) (pids []int) { return named(t, mark, "sleep") }

// named finds the programs that have mark in their environment and, if names are given,
// one of these names.
func named(t *testing.T, mark string, names ...string) (pids []int) {
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		environ, _ := os.ReadFile(path)
		name, _ := os.ReadFile(filepath.Dir(path) + "/comm")
		if strings.Contains(string(environ), mark+"\x00") && (names == nil || slices.Contains(names, strings.TrimSpace(string(name)))) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}

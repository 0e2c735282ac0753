package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"avescript": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": status,
			"signal": signalWhenReady,
		},
	})
}

// status is "status N program args...": the program must end with exit status N.
// Its output is in the files out and err, and it reads the file in if
// there is one.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program args...")
	}
	cmd := command(ts, args[1:])
	err := cmd.Run()
	checkStatus(ts, args[0], cmd, err)
}

// signalWhenReady is "signal NAME N program args...": as status, and the
// program gets the signal when it has written "ready".
func signalWhenReady(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM}
	if neg || len(args) < 3 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal INT|TERM N program args...")
	}
	cmd := command(ts, args[2:])
	ts.Check(cmd.Start())
	deadline := time.Now().Add(30 * time.Second)
	for !strings.Contains(ts.ReadFile("out"), "ready\n") {
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			ts.Fatalf("%v: wanted it to write ready, got %q", args[2:], ts.ReadFile("out"))
		}
		time.Sleep(2 * time.Millisecond)
	}
	ts.Check(cmd.Process.Signal(signals[args[0]]))
	err := cmd.Wait()
	checkStatus(ts, args[1], cmd, err)
}

// command connects a program to the files stdin, stdout and stderr in the
// script's directory.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+ts.Getenv("XDG_STATE_HOME"))
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

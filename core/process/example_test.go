package process_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"avescript/core/process"
)

// A child is started, does its work, and is waited for.
func ExampleStart() {
	child, err := process.Start(process.Spec{
		Path:        "/bin/sh",
		Args:        []string{"sh", "-c", "echo at work; exit 3"},
		Env:         os.Environ(),
		Files:       map[int]*os.File{1: os.Stdout, 2: os.Stderr},
		DeathSignal: syscall.SIGKILL,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := child.Join(context.Background(), 20*time.Second)
	fmt.Println("ended with status", status, err)
	// Output:
	// at work
	// ended with status 3 <nil>
}

// A command is ended with everything that it has started.
func ExampleKillTree() {
	command := exec.Command("sh", "-c", "sleep 1000 & echo started; wait")
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // KillTree needs the leader of a session
	output, err := command.StdoutPipe()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := process.Spawn(command.Start); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := io.ReadFull(output, make([]byte, len("started\n"))); err != nil {
		fmt.Println(err)
	}
	ladder := []process.Step{{Signal: syscall.SIGTERM, Grace: 20 * time.Second}} // followed by SIGKILL
	fmt.Println(process.KillTree(command.Process.Pid, ladder))
	_, err = io.ReadAll(output) // ends when no process is left that could write
	fmt.Println(err)
	fmt.Println(command.Wait())
	// Output:
	// <nil>
	// <nil>
	// signal: terminated
}

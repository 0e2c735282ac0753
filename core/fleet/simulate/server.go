package simulate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"avescript/core/fleet/hub"
)

// server is the hub that is simulated for.
type server struct {
	url  string
	pid  int
	stop func() error
}

// start starts the hub, in this process or in another one.
func start(ctx context.Context, o Options) (*server, error) {
	if len(o.Command) == 0 {
		h, err := hub.Start(ctx, options(o.Dir))
		if err != nil {
			return nil, err
		}
		return &server{h.URL(), os.Getpid(), func() error { h.Close(); return nil }}, nil
	}
	cmd := exec.CommandContext(ctx, o.Command[0], append(o.Command[1:], o.Dir)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the hub: %w", err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = in.Close()
		return nil, fmt.Errorf("the hub did not start: %w", errors.Join(err, cmd.Wait()))
	}
	return &server{strings.TrimSpace(url), cmd.Process.Pid, func() error { return errors.Join(in.Close(), cmd.Wait()) }}, nil
}

// Serve runs a hub for a simulation in this process, until the input ends. It prints the
// hub's URL.
func Serve(ctx context.Context, dir string, in io.Reader, out io.Writer) error {
	hub.SaveMemory()
	h, err := hub.Start(ctx, options(dir))
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := fmt.Fprintln(out, h.URL()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

func options(dir string) hub.Options {
	return hub.Options{Dir: dir, Port: -1, Audit: true, Log: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "hub: "+format+"\n", args...)
	}}
}

// memory is the resident memory of a process, in bytes: now, and at most until now.
func memory(pid int) (now, most int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(status)) {
		field := strings.Fields(line)
		if len(field) < 2 {
			continue
		}
		kilobytes, _ := strconv.ParseInt(field[1], 10, 64)
		switch field[0] {
		case "VmRSS:":
			now = kilobytes << 10
		case "VmHWM:":
			most = kilobytes << 10
		}
	}
	return now, most
}

// cpu is how many seconds of a processor a process has used.
func cpu(pid int) float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name of the process can have spaces
	field := strings.Fields(rest)
	if len(field) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(field[11], 64)
	system, _ := strconv.ParseFloat(field[12], 64)
	const ticks = 100 // in a second: USER_HZ, see proc(5)
	return (user + system) / ticks
}

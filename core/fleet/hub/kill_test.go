package hub

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"avescript/core/fleet/wire"
	"avescript/internal/poll"
	"avescript/internal/reexec"
)

// process is a hub in a process of its own.
type process struct {
	*exec.Cmd
	stdin io.Closer
	url   string
}

func startProcess(t *testing.T, dir string, port int) *process {
	t.Helper()
	cmd := reexec.Command("hub", dir, strconv.Itoa(port))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the hub did not start: %v, %v", err, cmd.Wait())
	}
	return &process{cmd, stdin, line[:len(line)-1]}
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
}

// freePort is a port that nobody uses now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// The hub is killed at any moment. Whatever was answered is there afterwards, every job is
// counted once, no token is used twice, and no note is missing.
func TestKilledHub(t *testing.T) {
	t.Parallel()
	const users, runs, jobs, kills = 4, 12, 25, 8
	dir, port := t.TempDir(), freePort(t)
	p := startProcess(t, dir, port)
	for n := range 3 {
		newFakeHost(t, p.url, fmt.Sprintf("lab-%d", n), "a", true).up(t)
	}
	var submitting sync.WaitGroup
	var mu sync.Mutex
	var answered []string
	for n := range users {
		user := dial(t, p.url, wire.User, fmt.Sprintf("user-%d", n))
		submitting.Go(func() {
			for i := range runs {
				run := fmt.Sprintf("run-%d-%d", n, i)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				_, err := user.Request(ctx, wire.VerbSubmit, submission(run, jobs))
				cancel()
				if err != nil {
					t.Errorf("%s: %v", run, err)
					return
				}
				mu.Lock()
				answered = append(answered, run)
				mu.Unlock()
				time.Sleep(rand.N(300 * time.Millisecond)) // the load, not a wait for something
			}
		})
	}
	for range kills {
		time.Sleep(rand.N(700 * time.Millisecond)) // at any moment
		p.kill(t)
		mu.Lock()
		known := slices.Clone(answered)
		mu.Unlock()
		p = startProcess(t, dir, port)
		viewer := dial(t, p.url, wire.Viewer, "viewer")
		lab := theLab(t, viewer)
		for _, run := range known {
			if !slices.ContainsFunc(lab.Runs, func(r wire.LabRun) bool { return r.Run == run && r.Jobs == jobs }) {
				t.Errorf("wanted %s, which was answered before the hub was killed", run)
			}
		}
		viewer.Close()
	}
	submitting.Wait()
	viewer := dial(t, p.url, wire.Viewer, "viewer")
	poll.Until(t, "all jobs are done", func() bool { return theLab(t, viewer).Done == users*runs*jobs })
	for _, run := range answered {
		if r := theRun(t, viewer, run); r.State != "passed" || r.Done != jobs {
			t.Errorf("wanted that %s has passed, got %+v", run, r)
		}
		poll.Until(t, "the notes of "+run+" are complete", func() bool {
			all, finished := notes(t, viewer, run), map[int]bool{}
			for _, n := range all {
				if n.Kind == wire.NoteFinished {
					if finished[n.Job] {
						t.Errorf("%s: job %d was finished twice", run, n.Job)
					}
					finished[n.Job] = true
				}
			}
			return len(finished) == jobs && len(all) > 0 && all[len(all)-1].Kind == wire.NoteOver
		})
	}
	_ = p.stdin.Close()
	_ = p.Wait()
	if tally := audit(t, dir); tally.Finished != users*runs*jobs {
		t.Errorf("wanted %d finished jobs, got %+v", users*runs*jobs, tally)
	}
}

// The hub is stopped for longer than hosts may be silent. It does not blame them.
func TestStoppedHub(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), freePort(t)
	p := startProcess(t, dir, port)
	host := newFakeHost(t, p.url, "lab-1", "a", false).up(t)
	user := dial(t, p.url, wire.User, "anna")
	submit(t, user, "run-1", 1)
	s := host.one(t)
	if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "a heartbeat was not answered", func() bool {
		host.mu.Lock()
		defer host.mu.Unlock()
		return host.failed != nil
	})
	time.Sleep(time.Duration((wire.LostAfter + 1) * float64(time.Second))) // the stop itself
	if err := p.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "heartbeats are answered again", func() bool {
		host.mu.Lock()
		defer host.mu.Unlock()
		return host.failed == nil
	})
	time.Sleep(time.Duration(wire.TakeoverGrace * float64(time.Second))) // in which it could be judged
	if _, err := ask(t, host.link, wire.VerbResult, passed(s)); err != nil {
		t.Errorf("wanted that the host still has its job: %v", err)
	}
	_ = p.stdin.Close()
	_ = p.Wait()
	if tally := audit(t, dir); tally.Returned != 0 || tally.Finished != 1 {
		t.Errorf("wanted one finished job and none returned, got %+v", tally)
	}
}

package host

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/fleet/wire"
	"avescript/core/harness"
	"avescript/core/process"
)

const (
	// A process that was stopped by a signal cannot end itself in time, one that is busy
	// gets more time.
	stoppedPings = int(wire.FenceAfter / wire.JobPing)
	silentPings  = 40

	endTime    = 15 * time.Second // how long a process may take to end after the last test
	drainTime  = 2 * time.Second  // how long to read what a dead process has said
	mostLog    = 64 << 10         // bytes that the process of a job may write to its standard error
	mostOrders = 100              // that wait for the process
	mostWord   = 32 << 20         // bytes of a message of the process, which may be any program
	mostName   = 1000             // bytes of a test's name, which is part of all heartbeats
)

// child is the process of a job.
type child struct {
	job    *job
	cmd    *exec.Cmd
	in     *os.File    // its standard input
	orders chan []byte // for it, as lines
	disown func()
	done   chan wire.JobDone
	read   chan struct{} // closed when everything that it has said was read
	exited chan struct{} // closed when it has ended

	mu     sync.Mutex
	silent int    // pings without an answer
	last   string // of what it has written to its standard error
}

// spawn starts the process of the job.
func (j *job) spawn(dir, program string) (*child, error) {
	h := j.host
	ends, err := pipes()
	if err != nil {
		return nil, err
	}
	defer ends.closeTheirs()
	group, err := h.groups.add(j.start.Token, j.start.Job.Needs.Memory)
	if err != nil {
		ends.closeOurs()
		return nil, err
	}
	c := &child{
		job: j, cmd: j.command(dir, program, ends, group), in: ends.in[1], orders: make(chan []byte, mostOrders),
		done: make(chan wire.JobDone, 1), read: make(chan struct{}), exited: make(chan struct{}),
	}
	if group != nil {
		defer group.Close()
	}
	if err := j.launch(c); err != nil {
		ends.closeOurs()
		return nil, err
	}
	go c.listen(ends.out[0])
	go c.listenLog(ends.log[0])
	go c.write()
	go c.reap()
	j.host.jobsRun.Go(c.ping)
	order := wire.JobOrder{Job: &wire.JobSpec{Setup: j.start.Run.Setup, Work: j.start.Job.Work, Temp: j.temp, Directory: dir}}
	if j.start.Run.Measure {
		order.Job.Coverage = j.start.Run.Coverage
		if len(order.Job.Coverage) == 0 {
			order.Job.Coverage = json.RawMessage("{}")
		}
	}
	// Without equipment, they say that the job runs in a fleet.
	order.Job.Leases = &wire.Leases{Token: j.start.Token, Host: j.host.Link.Name}
	if j.equipped != nil {
		order.Job.Leases = &j.equipped.leases
	}
	j.tell(order)
	return c, nil
}

// launch starts the process, unless the job is already to end. Nothing may be killed
// meanwhile: a process that is not known yet looks like one that was left.
func (j *job) launch(c *child) error {
	h := j.host
	h.fencing.Lock()
	defer h.fencing.Unlock()
	if j.ctx.Err() != nil {
		return context.Cause(j.ctx)
	}
	if err := process.Spawn(c.cmd.Start); err != nil {
		return fmt.Errorf("start the process of a job: %w", err)
	}
	c.disown = process.Own(c.cmd.Process.Pid)
	j.mu.Lock()
	j.pid, j.child = c.cmd.Process.Pid, c
	j.mu.Unlock()
	if err := h.records.add(j.start.Token, c.cmd.Process.Pid, j.temp); err != nil {
		h.Log("process of a job: %v", err)
	}
	return nil
}

// command is the command line of the job's process, and what it runs in.
func (j *job) command(dir, program string, ends *ends, group *os.File) *exec.Cmd {
	h := j.host
	c := exec.CommandContext(context.Background(), program, "test-job")
	c.Dir = filepath.Join(dir, "code")
	c.Stdin, c.Stdout, c.Stderr = ends.in[0], ends.out[1], ends.log[1]
	// If this process dies, that of the job ends by itself, but not while it is suspended.
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGCONT}
	if group != nil {
		c.SysProcAttr.UseCgroupFD, c.SysProcAttr.CgroupFD = true, int(group.Fd())
	}
	c.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return isPrivate(variable) || h.account != nil && !isCommon(variable)
	})
	set := func(name, value string) { c.Env = append(c.Env, name+"="+value) }
	if h.account != nil {
		groups := make([]uint32, 0, len(h.account.Groups))
		for _, g := range h.account.Groups {
			groups = append(groups, uint32(g))
		}
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(h.account.UID), Gid: uint32(h.account.GID), Groups: groups}
		for _, v := range h.account.Environment() {
			set(v.Name, v.Value)
		}
	}
	set("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
	set("TMPDIR", j.temp)
	c.Env = append(c.Env, h.records.mark(j.start.Token))
	return c
}

// ends are the pipes to a process.
type ends struct{ in, out, log [2]*os.File } // reading, writing

func pipes() (e *ends, err error) {
	e = &ends{}
	for _, p := range []*[2]*os.File{&e.in, &e.out, &e.log} {
		if p[0], p[1], err = os.Pipe(); err != nil {
			e.closeTheirs()
			e.closeOurs()
			return nil, err
		}
	}
	return e, nil
}

func (e *ends) closeTheirs() { closeAll(e.in[0], e.out[1], e.log[1]) }
func (e *ends) closeOurs()   { closeAll(e.in[1], e.out[0], e.log[0]) }

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// tell sends an order to the job's process, without waiting for it. One that does not read
// is ended because it does not answer pings.
func (j *job) tell(o wire.JobOrder) {
	o.Contact = j.host.lastContact()
	line, err := json.Marshal(o)
	if err != nil {
		return
	}
	j.mu.Lock()
	c := j.child
	j.mu.Unlock()
	if c == nil {
		return
	}
	select {
	case c.orders <- append(line, '\n'):
	default:
	}
}

// write writes orders to the process.
func (c *child) write() {
	for {
		select {
		case <-c.exited:
			return
		case line := <-c.orders:
			_, _ = c.in.Write(line)
		}
	}
}

// listen reads what the process says.
func (c *child) listen(from *os.File) {
	defer close(c.read)
	defer from.Close()
	limited := &io.LimitedReader{R: bufio.NewReaderSize(from, 64<<10)}
	decoder := json.NewDecoder(limited)
	for {
		var w wire.JobWord
		limited.N = mostWord
		if err := decoder.Decode(&w); err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) {
				c.job.out.add(wire.Output{Log: fmt.Sprintf("wanted a message from the job, got %v", err)})
			}
			return
		}
		c.heard(w)
	}
}

func (c *child) heard(w wire.JobWord) {
	c.mu.Lock()
	c.silent = 0
	c.mu.Unlock()
	switch {
	case w.Event != nil:
		c.job.note(*w.Event)
		c.job.out.add(wire.Output{Events: []harness.Event{*w.Event}})
	case w.Ask != nil:
		select {
		case c.job.asks.queue <- *w.Ask:
		case <-c.exited:
		}
	case w.Done != nil:
		select {
		case c.done <- *w.Done:
		default:
		}
	}
}

// note remembers which test is running, and which artifacts there are.
func (j *job) note(e harness.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch e.Kind {
	case harness.TestStarted:
		name := e.FullName()
		j.test = name[:harness.Boundary(name, min(len(name), mostName))]
	case harness.TestFinished:
		j.test = ""
	}
	for _, a := range e.Artifacts {
		if a.Path != "" && len(j.artifacts) < 10*mostArtifacts {
			j.artifacts = append(j.artifacts, a.Path)
		}
	}
}

// listenLog passes on what the process writes to its standard error.
func (c *child) listenLog(from *os.File) {
	defer from.Close()
	buffer := make([]byte, 4<<10)
	for total := 0; ; {
		n, err := from.Read(buffer)
		if n > 0 && total < mostLog {
			total += n
			text := harness.Text(string(buffer[:n]))
			c.mu.Lock()
			c.last = (c.last + text)[max(0, len(c.last)+len(text)-1000):]
			c.mu.Unlock()
			c.job.out.add(wire.Output{Log: text})
		}
		if err != nil {
			return
		}
	}
}

// reap waits for the end of the process. It stays a zombie while something is killed, so
// that no other process has its number.
func (c *child) reap() {
	j, pid := c.job, c.cmd.Process.Pid
	process.Await(pid)
	j.host.fencing.Lock()
	_ = c.cmd.Wait()
	c.disown()
	j.mu.Lock()
	j.pid = 0
	j.mu.Unlock()
	j.host.fencing.Unlock()
	_ = c.in.Close()
	close(c.exited)
}

// ping lets the process live, while this host has contact.
func (c *child) ping() {
	ticker := time.NewTicker(seconds(wire.JobPing))
	defer ticker.Stop()
	for {
		select {
		case <-c.exited:
			return
		case <-ticker.C:
		}
		if !c.job.host.isFresh() {
			continue
		}
		c.job.tell(wire.JobOrder{Ping: true})
		c.mu.Lock()
		c.silent++
		silent := c.silent
		c.mu.Unlock()
		if silent <= stoppedPings || c.job.out.isFull() {
			continue
		}
		stat, err := process.ReadStat(c.cmd.Process.Pid)
		switch {
		case err == nil && stat.State == 'T':
			c.job.kill(wire.Outcome{Status: wire.Died, Message: "the process of the job was suspended by a signal, and was killed"})
		case silent > silentPings:
			c.job.kill(wire.Outcome{Status: wire.Died, Message: "the process of the job did not respond, and was killed"})
		}
	}
}

// attend waits for the end of the tests.
func (j *job) attend(c *child) wire.Outcome {
	stopping := j.ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case done := <-c.done:
			return j.finish(c, done)
		case <-c.exited:
			c.drain()
			select {
			case done := <-c.done:
				return j.finish(c, done)
			default:
			}
			return wire.Outcome{Status: wire.Died, Message: c.death()}
		case <-stopping:
			stopping = nil
			if errors.Is(context.Cause(j.ctx), errStopped) {
				j.mu.Lock()
				reason := j.reason
				j.mu.Unlock()
				j.tell(wire.JobOrder{Stop: &wire.JobStop{Reason: reason}})
			}
			if limit := j.teardown(); limit > 0 {
				late = time.After(limit)
			}
		case <-late:
			j.kill(wire.Outcome{Status: wire.Died, Message: "the teardown of the job did not end, and it was killed"})
		}
	}
}

// finish takes what the process says of the end of the tests.
func (j *job) finish(c *child, done wire.JobDone) wire.Outcome {
	o := wire.Outcome{Status: wire.Done, Passed: done.Passed}
	if done.Error != "" {
		o = wire.Outcome{Status: wire.Broken, Message: done.Error}
	}
	if done.Kept {
		j.mu.Lock()
		j.kept = true
		j.mu.Unlock()
		return o
	}
	c.awaitEnd(endTime)
	return o
}

// awaitEnd waits until the process has ended, and kills it after a while.
func (c *child) awaitEnd(limit time.Duration) {
	select {
	case <-c.exited:
	case <-time.After(limit):
		c.job.kill(wire.Outcome{Status: wire.Died, Message: "the process of the job did not end, and was killed"})
		<-c.exited
	}
	c.drain()
}

// drain waits until everything that a dead process has said was read.
func (c *child) drain() {
	select {
	case <-c.read:
	case <-time.After(drainTime):
	}
}

// linger keeps the process until nobody needs it.
func (c *child) linger(over <-chan struct{}) {
	select {
	case <-c.exited:
		return
	case <-over:
	}
	c.job.tell(wire.JobOrder{Over: true})
	c.awaitEnd(endTime)
}

// death says how the process has died.
func (c *child) death() string {
	how := "the process of the job ended: " + c.cmd.ProcessState.String()
	if c.cmd.ProcessState.ExitCode() == wire.JobFenced {
		how = "the process of the job heard too late from its host and ended: this host may have too much to do"
	}
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		how = "the process of the job was killed by " + unix.SignalName(status.Signal())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := strings.TrimSpace(c.last); last != "" {
		how += ": " + last
	}
	return how
}

// Package simulate puts a load on a real hub: real connections over TCP, one for each host,
// the real protocol and the real scheduler. Only the work is not real: a job is a pause.
//
// It answers how many jobs a hub manages, how long they wait, how fast a dead host is
// noticed and how much memory that takes, see [Result]. Afterwards the whole ledger is
// checked: no job counted twice, no piece of equipment held twice.
package simulate

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"avescript/core/fleet/hub"
	"avescript/core/fleet/schedule"
)

// Options say what is simulated.
type Options struct {
	Hosts   int           // 0 is 100
	Cores   int           // of each host; 0 is 1
	Pieces  int           // of equipment, on each host
	Jobs    int           // 0 is 10,000
	Wide    int           // every Wide-th job needs a piece of equipment, if hosts have some; 0 is 10
	Work    time.Duration // of each job
	Output  int           // messages of 1,000 bytes that each job prints, spread over its work
	Users   int           // who submit the jobs; 0 is 4
	Kill    float64       // hosts that die in each second without a word; they come back
	Idle    int           // jobs one after the other, before the others; 0 is 200, negative none
	Command []string      // starts the hub in a process of its own, as [Serve] does; nil is in this process
	Dir     string        // of the hub; "" is a temporary directory, which is removed
}

// Result is what came out.
type Result struct {
	Jobs         int
	Seconds      float64 // from the first submission to the last result
	PerSecond    float64
	CPU          float64 // seconds of one core that the hub's process used meanwhile
	Said         int     // messages of output that it has written meanwhile
	Waited       Spread  // from submission to start, under load
	Started      Spread  // likewise, of single jobs when nothing else runs
	Noticed      Spread  // from the death of a host to its judgement
	Memory, Most int64   // resident bytes of the hub's process, at the end and at most
	OwnProcess   bool    // the hub had a process of its own, so the memory is its own
	Fences       int     // how often a host had no contact, and ended its jobs
	Repeated     int     // attempts beyond one for each job
	Tally        schedule.Tally
	Checked      error // what the checker found wrong with the ledger
}

func (o *Options) complete() error {
	set := func(n *int, usual int) {
		if *n == 0 {
			*n = usual
		}
	}
	set(&o.Hosts, 100)
	set(&o.Cores, 1)
	set(&o.Jobs, 10_000)
	set(&o.Wide, 10)
	set(&o.Users, 4)
	set(&o.Idle, 200)
	if o.Hosts < 1 || o.Jobs < 1 || o.Users < 1 || o.Cores < 1 {
		return fmt.Errorf("a simulation needs hosts, cores, jobs and users: got %d, %d, %d and %d", o.Hosts, o.Cores, o.Jobs, o.Users)
	}
	return nil
}

// Run simulates, and prints what it does and what came out.
func Run(ctx context.Context, o Options, out io.Writer) (r Result, err error) {
	if err := o.complete(); err != nil {
		return r, err
	}
	if o.Dir == "" {
		o.Dir, err = os.MkdirTemp("", "avelab-simulate-")
		if err != nil {
			return r, err
		}
		defer os.RemoveAll(o.Dir)
	}
	server, err := start(ctx, o)
	if err != nil {
		return r, err
	}
	l := newLab(o, server.url, server.pid)
	err = l.run(ctx, out, &r)
	r.Memory, r.Most = memory(server.pid)
	r.OwnProcess = len(o.Command) > 0
	l.close()
	if stopped := server.stop(); err == nil {
		err = stopped
	}
	if err != nil {
		return r, err
	}
	r.Tally, r.Checked = hub.Audit(ctx, hub.Options{Dir: o.Dir, Audit: true})
	r.print(out)
	return r, nil
}

func (r *Result) print(out io.Writer) {
	fmt.Fprintf(out, "jobs              %d in %.1f s: %.0f jobs/s\n", r.Jobs, r.Seconds, r.PerSecond)
	fmt.Fprintf(out, "processor         %.1f s: %.2f of a core, %.0f jobs/s for each core (%s)\n", r.CPU, r.CPU/r.Seconds, float64(r.Jobs)/r.CPU, r.whose())
	if r.Said > 0 {
		fmt.Fprintf(out, "output            %d messages: %.0f messages/s\n", r.Said, float64(r.Said)/r.Seconds)
	}
	fmt.Fprintf(out, "waiting           %s\n", r.Waited)
	fmt.Fprintf(out, "start when idle   %s\n", r.Started)
	if r.Fences > 0 {
		fmt.Fprintf(out, "without contact   %d times\n", r.Fences)
	}
	if r.Noticed.N > 0 {
		fmt.Fprintf(out, "deaths noticed    %s (%d)\n", r.Noticed, r.Noticed.N)
		fmt.Fprintf(out, "repeated attempts %d\n", r.Repeated)
	}
	fmt.Fprintf(out, "memory            %d MB, at most %d MB (%s)\n", r.Memory>>20, r.Most>>20, r.whose())
	if r.Checked != nil {
		fmt.Fprintf(out, "ledger            WRONG: %v\n", r.Checked)
		return
	}
	fmt.Fprintf(out, "ledger            %d runs, %d jobs, %d claims, %d finished, %d returned: checked\n",
		r.Tally.Runs, r.Tally.Jobs, r.Tally.Claims, r.Tally.Finished, r.Tally.Returned)
}

// whose says what the processor time and the memory were for.
func (r *Result) whose() string {
	if r.OwnProcess {
		return "the hub"
	}
	return "the hub and all hosts in one process"
}

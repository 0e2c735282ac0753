package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"avescript/lualib/script"
)

// The commands :time and :watch.

// runTime evaluates an expression, or a statement, and tells how long that took.
func (r *repl) runTime(ctx context.Context, args string) (string, error) {
	if args == "" {
		return "", errors.New(":time takes an expression: got nothing")
	}
	began, cpu := time.Now(), cpuTime()
	shown, err := r.evaluate(ctx, args)
	took := fmt.Sprintf("took %s, %s of CPU", readable(time.Since(began)), readable(cpuTime()-cpu))
	if err != nil {
		fmt.Fprintln(r.Out, took) // the error follows
		return "", err
	}
	return strings.TrimPrefix(shown+"\n"+took, "\n"), nil
}

// cpuTime is how long this process has computed.
func cpuTime() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// readable is a time with three digits in a fitting unit, or in two units.
func readable(d time.Duration) string {
	d = max(d, 0)
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{{"µs", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}} {
		n := float64(d) / float64(unit.length)
		if n < 999.5 && unit.length < time.Second || n < 59.95 {
			decimals := 0
			if n > 0 {
				decimals = max(0, 2-max(0, int(math.Floor(math.Log10(n)))))
			}
			return strconv.FormatFloat(n, 'f', decimals, 64) + " " + unit.name
		}
	}
	d = d.Round(time.Second)
	if d < time.Hour {
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
}

// watchInterval is how many seconds :watch waits by default.
const watchInterval = 1.0

// runWatch evaluates an expression until Ctrl-C. On a terminal each value replaces the one
// before. Otherwise a value is printed on a new line if it has changed.
func (r *repl) runWatch(ctx context.Context, args string) (string, error) {
	expression, seconds := r.watchArgs(args)
	if expression == "" {
		return "", errors.New(":watch takes an expression and, if wanted, SECONDS between evaluations (default 1): got nothing")
	}
	if !(seconds >= 0.01 && seconds <= 1e6) { // or not a number
		return "", fmt.Errorf(":watch: wanted SECONDS from 0.01 to 1000000, got %g", seconds)
	}
	if _, err := r.compile(expression); err != nil {
		return "", err
	}
	place := &inPlace{out: r.screen()}
	defer r.printAbove(place)()
	before, first := "", true
	for {
		shown, err := r.evaluate(ctx, expression)
		if ctx.Err() != nil {
			return "", nil // Ctrl-C is how it ends
		}
		if err != nil {
			var b bytes.Buffer
			script.Report(&b, r.v, err, r.Color)
			shown = strings.TrimRight(b.String(), "\n")
		}
		switch {
		case r.inputs.Interactive() && r.editing():
			place.show(shown, fmt.Sprintf("every %g s, until Ctrl-C: %s", seconds, expression))
		case first || shown != before:
			fmt.Fprintln(r.Out, shown)
		}
		before, first = shown, false
		select {
		case <-ctx.Done():
			return "", nil
		case <-time.After(time.Duration(seconds * float64(time.Second))):
		}
	}
}

// editing tells whether the terminal can move its cursor.
func (r *repl) editing() bool { _, ok := r.inputs.(*typing); return ok }

// watchArgs splits an expression from the seconds that may follow it.
func (r *repl) watchArgs(args string) (expression string, seconds float64) {
	if at := strings.LastIndexAny(args, " \t\n"); at > 0 {
		before := strings.TrimSpace(args[:at])
		if n, err := strconv.ParseFloat(args[at+1:], 64); err == nil {
			if _, err := r.v.Load([]byte("return "+before), chunkName); err == nil {
				return before, n
			}
		}
	}
	return args, watchInterval
}

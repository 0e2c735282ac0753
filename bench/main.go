// Command bench compares avescript with other programs that do the same, and prints the
// ratios.
//
// A machine that is busy or slower than another one changes all numbers, but the ratios
// hardly change. So avescript and its peers take turns, several times, and the ratio of
// each turn counts. Each server is a process of its own, and the clients are in this
// process; all share the same processors.
//
//	make bench
//	cd bench && go run . -run 'calls' -rounds 9 -time 1s
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == serveCommand {
		fail(serve(os.Args[2]))
		return
	}
	run := flag.String("run", "", "take only the measures whose name matches this `regexp`")
	rounds := flag.Int("rounds", 7, "how many turns each contestant gets")
	turn := flag.Duration("time", 300*time.Millisecond, "how long a turn of calls takes")
	flag.Parse()
	wanted, err := regexp.Compile(*run)
	fail(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fail(bench(ctx, wanted, *rounds, *turn))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench takes the measures and prints the table. No process is left running.
func bench(ctx context.Context, wanted *regexp.Regexp, rounds int, turn time.Duration) error {
	limit, err := raiseDescriptorLimit()
	if err != nil {
		return err
	}
	built, err := build(ctx)
	if err != nil {
		return err
	}
	defer built.remove()
	peers := newPeers(built)
	defer peers.stop()

	measures := slices.Concat(
		callMeasures(peers, turn),
		payloadMeasures(peers, turn),
		idleMeasures(peers, limit),
		sleepMeasures(peers, limit),
		interpreterMeasures(ctx, built),
		startMeasures(ctx, built),
		fdtxMeasures(ctx, built, turn),
		expectMeasures(ctx, built),
		commandMeasures(ctx, built, turn),
		handoverMeasures(ctx, built, limit),
		brokerMeasures(ctx, built, limit),
		protectMeasures(ctx, built),
		codecMeasures(ctx, built),
		suiteMeasures(ctx, built),
		compileMeasures(ctx, built),
		fleetMeasures(ctx, built, limit),
	)
	var table table
	for _, m := range measures {
		if !wanted.MatchString(m.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s ...\n", m.name)
		rows, err := m.take(ctx, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		table = append(table, rows...)
	}
	table.print(os.Stdout)
	return nil
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
)

const (
	fleetHosts = 1000
	fleetJobs  = 100_000
	fleetRate  = 3000 // jobs in a second

	dyingHosts = 200
	dyingJobs  = 4000
)

// What avelab simulate prints.
var (
	fleetTime    = regexp.MustCompile(`(?m)^jobs +\d+ in ([\d.]+) (s):`)
	fleetStarted = regexp.MustCompile(`(?m)^start when idle .* p99 ([\d.]+) (m?s)`)
	fleetMemory  = regexp.MustCompile(`(?m)^memory .* at most ([\d.]+) (MB)`)
	fleetNoticed = regexp.MustCompile(`(?m)^deaths noticed .* at most ([\d.]+) (m?s)`)
)

// fleetMeasures measure a hub with simulated hosts, connections and all.
func fleetMeasures(ctx context.Context, b *built, limit uint64) []*measure {
	program := sync.OnceValues(func() (string, error) {
		path := filepath.Join(b.dir, "avelab")
		return path, goBuild(ctx, "..", path, "./cmd/avelab")
	})
	run := func(wanted []*regexp.Regexp, args ...string) trial {
		return func() ([]float64, error) {
			if err := needDescriptors(3*fleetHosts, limit); err != nil {
				return nil, err
			}
			path, err := program()
			if err != nil {
				return nil, err
			}
			cmd := exec.CommandContext(ctx, path, append([]string{"simulate"}, args...)...)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				return nil, fmt.Errorf("avelab simulate: %w\n%s", err, out)
			}
			return fleetValues(out, wanted)
		}
	}
	return []*measure{{
		name: fmt.Sprintf("fleet, %s hosts and %s jobs", grouped(fleetHosts), grouped(fleetJobs)),
		quantities: []quantity{
			{name: ": time", unit: seconds, absolute: float64(fleetJobs) / fleetRate},
			{name: ": submit to start when idle, p99", unit: seconds, absolute: 10e-3},
			{name: ": memory of the hub", unit: bytesEach, absolute: 300 << 20},
		},
		ours:      run([]*regexp.Regexp{fleetTime, fleetStarted, fleetMemory}, "--hosts", fmt.Sprint(fleetHosts), "--jobs", fmt.Sprint(fleetJobs)),
		maxRounds: 1,
	}, {
		name:       "fleet, hosts die",
		quantities: []quantity{{name: ": noticed after, at most", unit: seconds, absolute: 4}},
		ours: run([]*regexp.Regexp{fleetNoticed}, "--hosts", fmt.Sprint(dyingHosts), "--jobs", fmt.Sprint(dyingJobs),
			"--work", "1s", "--kill", "2", "--idle", "-1"),
		maxRounds: 1,
	}}
}

func fleetValues(out []byte, wanted []*regexp.Regexp) (values []float64, err error) {
	factor := map[string]float64{"s": 1, "ms": 1e-3, "MB": 1 << 20}
	for _, form := range wanted {
		found := form.FindSubmatch(out)
		if found == nil {
			return nil, fmt.Errorf("avelab simulate did not print %s:\n%s", form, out)
		}
		value, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil {
			return nil, err
		}
		values = append(values, value*factor[string(found[2])])
	}
	return values, nil
}

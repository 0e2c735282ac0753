package main

import (
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// commandsScript, forkptyProgram and forkptyScript run a program repeatedly for a
// number of seconds, and print the rate per second.
//
//go:embed commands.lua
var commandsScript string

//go:embed c/forkpty.c
var forkptyProgram string

//go:embed forkpty.py
var forkptyScript string

// commandsRun is a program that does nothing, so that only the overhead counts.
const commandsRun = "true"

// commandMeasures measure the commands per second that one script runs, one after the
// other. The peers neither look for leftovers of a command nor could they end it after
// a timeout.
func commandMeasures(ctx context.Context, b *built, turn time.Duration) []*measure {
	length := fmt.Sprint(turn.Seconds())
	ours := func() ([]float64, error) {
		if err := b.write("commands.lua", commandsScript); err != nil {
			return nil, err
		}
		return measureProgram(ctx, b.avescript, filepath.Join(b.dir, "commands.lua"), length, commandsRun)
	}
	inC := sync.OnceValues(func() (string, error) { return b.compile(ctx, "forkpty", forkptyProgram) })
	return []*measure{{
		name:       "commands, beside forkpty in C",
		quantities: []quantity{{unit: perSecond, goals: map[string]goal{"C": atLeast(1)}}},
		ours:       ours,
		peers: []rival{{"C", func() ([]float64, error) {
			program, err := inC()
			if err != nil {
				return nil, err
			}
			return measureProgram(ctx, program, length, commandsRun)
		}}},
	}, {
		name:       "commands, beside pty.fork in Python",
		quantities: []quantity{{unit: perSecond, goals: map[string]goal{"Python": atLeast(1)}}},
		ours:       ours,
		peers: []rival{{"Python", func() ([]float64, error) {
			python, err := exec.LookPath("python3")
			if err != nil {
				return nil, fmt.Errorf("%w: there is no python3", errSkipped)
			}
			if err := b.write("forkpty.py", forkptyScript); err != nil {
				return nil, err
			}
			return measureProgram(ctx, python, filepath.Join(b.dir, "forkpty.py"), length, commandsRun)
		}}},
	}}
}

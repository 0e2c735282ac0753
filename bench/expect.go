package main

import (
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
)

// expectLua and expectPython start a program that writes a number of bytes, wait for
// what follows them, and print the bytes per second.
//
//go:embed expect.lua
var expectLua string

//go:embed expect.py
var expectPython string

const (
	expectedText = 20_000_000

	// expectedRegex is smaller, because pexpect searches all its data again for every
	// 2,000 bytes that arrive.
	expectedRegex = 2_000_000
)

// expectMeasures measure the bytes per second until an expectation is met. Reading the
// pseudoterminal in Python, without any search, shows which part of the time is spent
// in the kernel.
func expectMeasures(ctx context.Context, b *built) []*measure {
	pexpect := sync.OnceValue(func() error {
		if exec.CommandContext(ctx, "python3", "-c", "import pexpect").Run() != nil {
			return fmt.Errorf("%w: there is no pexpect for python3", errSkipped)
		}
		return nil
	})
	python := func(size int, kind string) trial {
		return func() ([]float64, error) {
			if err := pexpect(); err != nil {
				return nil, err
			}
			if err := b.write("expect.py", expectPython); err != nil {
				return nil, err
			}
			return measureProgram(ctx, "python3", filepath.Join(b.dir, "expect.py"), fmt.Sprint(size), kind)
		}
	}
	ours := func(size int, kind string) trial {
		return func() ([]float64, error) {
			if err := b.write("expect.lua", expectLua); err != nil {
				return nil, err
			}
			return measureProgram(ctx, b.avescript, filepath.Join(b.dir, "expect.lua"), fmt.Sprint(size), kind)
		}
	}
	return []*measure{{
		name:       "bytes until a regular expression matches",
		quantities: []quantity{{unit: perSecond, goals: map[string]goal{"pexpect": atLeast(20)}}},
		ours:       ours(expectedRegex, "regex"),
		peers:      []rival{{"pexpect", python(expectedRegex, "regex")}},
		maxRounds:  3,
	}, {
		name:       "bytes until a text comes",
		quantities: []quantity{{unit: perSecond}},
		ours:       ours(expectedText, "text"),
		peers: []rival{
			{"pexpect", python(expectedText, "text")},
			{"reads in Python", python(expectedText, "read")},
		},
		maxRounds: 3,
	}}
}

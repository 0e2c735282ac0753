package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

//go:embed interpreter/*.lua
var interpreterPrograms embed.FS

// stockLoop makes avescript execute code by gopher-lua's own main loop.
const stockLoop = "AVESCRIPT_LOOP=stock"

// interpreterMeasures measure the processor time of programs that only compute,
// compared with lua5.1 and with gopher-lua's own main loop. The last row is the
// geometric mean of all of them.
func interpreterMeasures(ctx context.Context, b *built) []*measure {
	names, err := fs.Glob(interpreterPrograms, "interpreter/*.lua")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	m := &measure{name: "interpreter", maxRounds: 3}
	for _, name := range names {
		m.quantities = append(m.quantities, quantity{
			name:  ": " + strings.TrimSuffix(path.Base(name), ".lua"),
			unit:  seconds,
			goals: map[string]goal{"lua5.1": atMost(4.5)},
		})
	}
	m.quantities = append(m.quantities, quantity{
		name:  ": geometric mean",
		unit:  seconds,
		goals: map[string]goal{"lua5.1": atMost(2), "gopher-lua's loop": atMost(0.45)},
	})
	wanted := map[string]string{} // what each program prints
	contestant := func(interpreter string, env ...string) trial {
		return func() ([]float64, error) {
			if _, err := exec.LookPath(interpreter); err != nil {
				return nil, fmt.Errorf("%w: %s is not installed", errSkipped, interpreter)
			}
			return computeAll(ctx, b, names, wanted, interpreter, env)
		}
	}
	m.ours = contestant(b.avescript)
	m.peers = []rival{
		{"lua5.1", contestant("lua5.1")},
		{"gopher-lua's loop", contestant(b.avescript, stockLoop)},
	}
	return []*measure{m}
}

// computeAll returns the processor time of each program, and their geometric mean. All
// contestants must print the same.
func computeAll(ctx context.Context, b *built, names []string, wanted map[string]string, interpreter string, env []string) ([]float64, error) {
	var took []float64
	product := 1.0
	for _, name := range names {
		text, err := interpreterPrograms.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file := path.Base(name)
		if err := b.write(file, string(text)); err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, interpreter, filepath.Join(b.dir, file))
		cmd.Env = append(os.Environ(), env...)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			return nil, errors.Join(fmt.Errorf("%s %s: %w", interpreter, file, err), errors.New(errs.String()))
		}
		if want, known := wanted[name]; known && want != out.String() {
			return nil, fmt.Errorf("%s %s printed %q, wanted %q", interpreter, file, out.String(), want)
		}
		wanted[name] = out.String()
		user := cmd.ProcessState.UserTime().Seconds()
		took = append(took, user)
		product *= user
	}
	return append(took, math.Pow(product, 1/float64(len(names)))), nil
}

package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"avescript/core/fdtx"
)

// fdtxProgram does the same as the measure below with sendmsg and recvmsg.
//
//go:embed c/fdtx.c
var fdtxProgram string

const fdtxBatch = 100 // messages between two checks of the time

// fdtxMeasures measure the messages per second from one process to another, including
// closing their descriptors.
func fdtxMeasures(ctx context.Context, b *built, turn time.Duration) (measures []*measure) {
	inC := sync.OnceValues(func() (string, error) { return b.compile(ctx, "fdtx", fdtxProgram) })
	for _, count := range []int{1, 16, fdtx.MaxFds} {
		measures = append(measures, &measure{
			name:       "messages with " + plural(count, "file descriptor"),
			quantities: []quantity{{unit: perSecond, goals: map[string]goal{"C": atLeast(0.8)}}},
			ours:       func() ([]float64, error) { return measureFdTx(ctx, count, turn) },
			peers: []rival{{"C", func() ([]float64, error) {
				program, err := inC()
				if err != nil {
					return nil, err
				}
				return measureProgram(ctx, program, strconv.Itoa(count), fmt.Sprint(turn.Seconds()))
			}}},
		})
	}
	return measures
}

// compile compiles a C program, if there is a compiler.
func (b *built) compile(ctx context.Context, name, source string) (string, error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", fmt.Errorf("%w: there is no C compiler (cc)", errSkipped)
	}
	if err := b.write(name+".c", source); err != nil {
		return "", err
	}
	program := filepath.Join(b.dir, name)
	if out, err := exec.CommandContext(ctx, cc, "-O2", "-o", program, program+".c").CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile %s.c: %w\n%s", name, err, out)
	}
	return program, nil
}

// measureProgram runs a program that prints its rate.
func measureProgram(ctx context.Context, program string, args ...string) ([]float64, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(program), err)
	}
	rate, err := strconv.ParseFloat(string(bytes.TrimSpace(out)), 64)
	return []float64{rate}, err
}

func measureFdTx(ctx context.Context, count int, turn time.Duration) ([]float64, error) {
	giver, taker := fdtx.New(), fdtx.New()
	defer giver.Close()
	defer taker.Close()
	fds, err := openMany(count)
	defer fdtx.CloseAll(fds)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "avescript-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path, err := giver.Listen(dir, "", fdtx.ListenOptions{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(taker.Connect(ctx, path, fdtx.Forever), giver.Accept(ctx, fdtx.Forever)); err != nil {
		return nil, err
	}
	done, begin := 0, time.Now()
	for time.Since(begin) < turn {
		for range fdtxBatch {
			if err := transfer(ctx, giver, taker, fds); err != nil {
				return nil, err
			}
		}
		done += fdtxBatch
	}
	return []float64{float64(done) / time.Since(begin).Seconds()}, nil
}

func openMany(count int) (fds []int, err error) {
	for range count {
		fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fds, err
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

var fdtxMessage = []byte("a message of 16\x00")

func transfer(ctx context.Context, giver, taker *fdtx.FdTx, fds []int) error {
	if err := giver.Put(ctx, fdtxMessage, fds, fdtx.Forever); err != nil {
		return err
	}
	message, got, err := taker.Get(ctx, 2*len(fdtxMessage), len(fds), fdtx.Forever)
	if err != nil {
		return err
	}
	fdtx.CloseAll(got)
	if !bytes.Equal(message, fdtxMessage) || len(got) != len(fds) {
		return fmt.Errorf("wanted %q with %d descriptors, got %q with %d", fdtxMessage, len(fds), message, len(got))
	}
	return nil
}

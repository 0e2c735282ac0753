package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// emptyProgram is the smallest Go program.
const emptyProgram = "package main\n\nfunc main() {}\n"

// built contains what is built for a run, in a temporary directory.
type built struct {
	dir       string
	avescript string // the program, built like `make build`
	empty     string
}

// build builds avescript from the tree around this module.
func build(ctx context.Context) (*built, error) {
	dir, err := os.MkdirTemp("", "avescript-bench-")
	if err != nil {
		return nil, err
	}
	b := &built{dir, filepath.Join(dir, "avescript"), filepath.Join(dir, "empty")}
	if err := b.buildAll(ctx); err != nil {
		b.remove()
		return nil, err
	}
	return b, nil
}

func (b *built) buildAll(ctx context.Context) error {
	if err := goBuild(ctx, "..", b.avescript, "./cmd/avescript"); err != nil {
		return err
	}
	if err := b.write("empty.go", emptyProgram); err != nil {
		return err
	}
	return goBuild(ctx, b.dir, b.empty, "empty.go")
}

func goBuild(ctx context.Context, dir, output, what string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", output, what)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", what, dir, err, out)
	}
	return nil
}

func (b *built) write(name, text string) error {
	return os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600)
}

// script returns a command that runs a Lua script.
func (b *built) script(name, text string) (*exec.Cmd, error) {
	if err := b.write(name, text); err != nil {
		return nil, err
	}
	return exec.Command(b.avescript, filepath.Join(b.dir, name)), nil
}

// drive runs a Lua script that does something for each line that talk writes, and
// answers with lines. The script ends with its input.
func (b *built) drive(ctx context.Context, name, text string, talk func(commands io.Writer, answers *bufio.Scanner) error) error {
	cmd, err := b.script(name, text)
	if err != nil {
		return err
	}
	cmd.Stderr = os.Stderr
	commands, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { commands.Close() })()
	err = talk(commands, bufio.NewScanner(output))
	commands.Close()
	return errors.Join(err, cmd.Wait())
}

func (b *built) remove() { os.RemoveAll(b.dir) }

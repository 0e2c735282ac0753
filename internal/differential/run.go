package differential

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

//go:embed driver.lua
var driver []byte

const (
	// mark begins a line of the driver, which no program prints.
	mark = "\x01\x02 program "

	// endless begins what is said of a process that did not end by itself.
	endless = "did not end: "

	// batch is how many programs share a process: a start takes longer than a program.
	batch = 100

	// patience is for a batch on a machine that does something else.
	patience = 30 * time.Second
)

// Interpreter is lua5.1 or avescript.
type Interpreter struct {
	Path     string
	Env      []string      // beside those of this process
	Patience time.Duration // how long a process may run; 0 means half a minute
}

// Run returns what the programs print, with their errors and exit statuses, in their order.
func (i Interpreter) Run(programs []Program) ([]string, error) {
	dir, err := os.MkdirTemp("", "differential")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "driver.lua"), driver, 0o600); err != nil {
		return nil, err
	}
	results := make([]string, len(programs))
	var shared []int
	for n, program := range programs {
		if err := os.WriteFile(filepath.Join(dir, fileOf(n)), []byte(program.Source), 0o600); err != nil {
			return nil, err
		}
		if !program.Alone {
			shared = append(shared, n)
			continue
		}
		end := i.start(dir, fileOf(n))
		results[n] = end.out + end.status()
	}
	for len(shared) > 0 {
		done, err := i.runShared(dir, shared[:min(batch, len(shared))], results)
		if err != nil {
			return nil, err
		}
		shared = shared[done:]
	}
	return results, nil
}

func fileOf(n int) string { return fmt.Sprintf("program%d.lua", n) }

// runShared runs programs in one process, until one ends it, and returns how many have run.
func (i Interpreter) runShared(dir string, numbers []int, results []string) (done int, err error) {
	var list strings.Builder
	for _, n := range numbers {
		fmt.Fprintln(&list, fileOf(n))
	}
	if err := os.WriteFile(filepath.Join(dir, "list"), []byte(list.String()), 0o600); err != nil {
		return 0, err
	}
	end := i.start(dir, "driver.lua", "list", mark)
	parts := strings.Split(end.out, mark)[1:]
	if len(parts) == 0 {
		return 0, fmt.Errorf("%s did not run the driver: %s", i.Path, end.status())
	}
	for at, part := range parts {
		name, printed, _ := strings.Cut(part, "\n")
		switch {
		case name == "end":
			return len(numbers), nil
		case at >= len(numbers) || name != fileOf(numbers[at]):
			return 0, fmt.Errorf("the driver ran %q: expected program %d of %v", name, at, numbers)
		}
		results[numbers[at]] = printed
	}
	results[numbers[len(parts)-1]] += end.status()
	return len(parts), nil
}

// ending is how a process has ended.
type ending struct {
	out, errs string
	err       error
}

func (i Interpreter) start(dir string, args ...string) ending {
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(i.Patience, patience))
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, i.Path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	cmd.Env = append(os.Environ(), append([]string{"TZ=UTC", "LC_ALL=C"}, i.Env...)...)
	err := cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return ending{out: address.ReplaceAllString(out.String(), "$1$2 0x"), errs: address.ReplaceAllString(errs.String(), "$1$2 0x"), err: err}
}

// address is different in each run.
var address = regexp.MustCompile(`(table|function|userdata|thread|file|builtin)(:| \()? ?0x[0-9a-f]+`)

// program is what lua5.1 puts in front of the message.
var program = regexp.MustCompile(`^\S*lua5\.1: `)

// status is the exit status and the message of an uncaught error. What comes after the
// message is for a person, and each program has its own form of it.
func (e ending) status() string {
	message, _, _ := strings.Cut(e.errs, "\n")
	message = program.ReplaceAllString(message, "")
	var exit *exec.ExitError
	switch {
	case e.err == nil:
		return "exit status 0\n"
	case errors.As(e.err, &exit):
		return fmt.Sprintf("exit status %d: %s\n", exit.ExitCode(), message)
	}
	return endless + e.err.Error() + "\n"
}

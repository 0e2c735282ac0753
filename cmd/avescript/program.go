package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"avescript/core/cmd"
	"avescript/core/harness/report"
	"avescript/lualib"
	"avescript/lualib/repl"
	"avescript/lualib/script"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

// program is an interpreter on the standard streams of the process.
type program struct {
	v     *vm.VM
	stdin *os.File
}

func newProgram() *program {
	stdin := script.OpenStdin()
	return &program{lualib.New(vm.Stdio{In: stdin}), stdin}
}

func (p *program) onTerminal() bool { return script.IsTerminal(p.stdin) }

// run runs a script and shows its error. Code that was typed finds ave without
// requiring it.
func (p *program) run(ctx context.Context, source script.Source, args []string, typed bool) error {
	ctx, stop := untilSignal(ctx, p.stdin)
	defer stop()
	if typed {
		p.preload()
	}
	err := script.Run(ctx, p.v, source, args, finish)
	return p.report(err)
}

// finish runs the tests that a script has registered.
func finish(ctx context.Context, v *vm.VM) (failed bool, err error) {
	reports, err := report.Open(nil, os.Stdout, view())
	if err != nil {
		return false, err
	}
	_, passed, err := suite.Finish(ctx, v, suite.Options{Reporter: reports})
	return !passed, errors.Join(err, reports.Close())
}

// view is what the report of tests may do on standard output.
func view() report.View { return report.ViewOf(os.Stdout, script.HasColor(os.Stdout)) }

// endings are the signals that end the program whatever it does.
var endings = []syscall.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTERM}

// untilSignal gives a context that Ctrl-C or another signal ends, and reads
// from stdin with it.
func untilSignal(ctx context.Context, stdin *os.File) (_ context.Context, stop func()) {
	ctx, forget := script.Notify(ctx, exitBySignal, append(endings, syscall.SIGINT)...)
	readable := script.InterruptReads(ctx, stdin)
	return ctx, func() {
		readable()
		forget()
	}
}

// converse runs the REPL. There SIGINT is Ctrl-C, which the REPL knows.
func (p *program) converse(ctx context.Context) error {
	ctx, stop := script.Notify(ctx, exitBySignal, endings...)
	defer stop()
	defer p.v.Finish()
	p.preload()
	err := repl.Run(ctx, p.v, repl.Config{
		Stdin:   p.stdin,
		Out:     os.Stdout,
		Color:   script.HasColor(os.Stdout),
		Banner:  fmt.Sprintf("avescript %s, Lua 5.1", version),
		History: repl.HistoryFile(),
	})
	return p.report(err)
}

// report shows an error that is about the script. The others are for
// [execute].
func (p *program) report(err error) error {
	var interrupted *script.Interrupted
	var unread *script.ReadError
	if err == nil || errors.Is(err, script.ErrTestsFailed) || errors.As(err, &interrupted) || errors.As(err, &unread) {
		return err
	}
	script.Report(os.Stderr, p.v, err, script.HasColor(os.Stderr))
	return errShown
}

func (p *program) preload() {
	if err := script.Preload(p.v); err != nil {
		panic(err) // nothing in it depends on the outside
	}
}

// exitBySignal is for a script that does not come to its end. The commands that
// it runs would outlive it.
func exitBySignal(s syscall.Signal) {
	cmd.KillAll()
	os.Exit(statusSignal + int(s))
}

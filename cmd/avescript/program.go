package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"avescript/core/cmd"
	"avescript/core/control"
	"avescript/lualib"
	"avescript/lualib/repl"
	"avescript/lualib/runner"
	"avescript/lualib/script"
	"avescript/lualib/vm"
)

// program is an interpreter that uses the standard streams of the process.
type program struct {
	v       *vm.VM
	stdin   *os.File
	streams []*repl.Stream // stdout and stderr

	postMortem bool      // a prompt follows the script
	stack      *vm.Stack // of the error that has ended it, then
}

func newProgram() *program {
	stdin := script.OpenStdin()
	stdout, stderr := repl.NewStream(os.Stdout), repl.NewStream(os.Stderr)
	v := lualib.New(vm.Stdio{In: stdin, Out: stdout, Err: stderr})
	return &program{v: v, stdin: stdin, streams: []*repl.Stream{stdout, stderr}}
}

func (p *program) onTerminal() bool { return script.IsTerminal(p.stdin) }

// run runs a script and shows its error. Code given with -e can use ave without
// requiring it.
func (p *program) run(ctx context.Context, source script.Source, args []string, typed bool) error {
	ctx, stop := untilSignal(ctx, p.stdin)
	defer stop()
	defer script.AnswerHickups(p.v)()
	if typed {
		p.preload()
	}
	p.v.Prompt = repl.Standing(ctx, p.v, p.prompt("the script stands here", "goes on with it"))
	p.v.KeepStacks = p.postMortem
	err := script.Run(ctx, p.v, source, args, runner.Finish)
	if p.postMortem {
		p.stack = repl.StackOf(p.v, err)
	}
	return p.report(err)
}

// prompt is what a prompt is connected to.
func (p *program) prompt(banner, leaving string) repl.Config {
	return repl.Config{
		Stdin:   p.stdin,
		Streams: p.streams,
		HasAve:  true,
		Out:     os.Stdout,
		Color:   p.onTerminal() && script.HasColor(os.Stdout),
		Banner:  banner,
		Leaving: leaving,
		History: repl.HistoryFile(),
	}
}

// endings are the signals that always end the program.
var endings = []syscall.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTERM}

// untilSignal returns a context that is cancelled by Ctrl-C and other signals, which
// also interrupt reads from stdin.
func untilSignal(ctx context.Context, stdin *os.File) (_ context.Context, stop func()) {
	ctx, forget := script.Notify(ctx, exitBySignal, append(endings, syscall.SIGINT)...)
	readable := script.InterruptReads(ctx, stdin)
	return ctx, func() {
		readable()
		forget()
	}
}

// converse runs the REPL. It handles SIGINT itself, as Ctrl-C.
func (p *program) converse(ctx context.Context) error {
	return p.converseWith(ctx, func(*repl.Config) {})
}

func (p *program) converseWith(ctx context.Context, set func(*repl.Config)) error {
	ctx, stop := script.Notify(ctx, exitBySignal, endings...)
	defer stop()
	defer script.AnswerHickups(p.v)()
	defer p.v.Finish()
	p.preload()
	p.v.Prompt = repl.Standing(ctx, p.v, p.prompt("the code stands here", "goes on with it"))
	config := p.prompt(fmt.Sprintf("avescript %s, Lua 5.1", version), "")
	config.Stack = p.stack
	config.Client = control.ClientOptions{Authkey: os.Getenv(keyVariable)}
	set(&config)
	err := repl.Run(ctx, p.v, config)
	return p.report(err)
}

// report shows an error of the script. Other errors are returned, for [execute].
func (p *program) report(err error) error {
	var interrupted *script.Interrupted
	var unread *script.ReadError
	if err == nil || errors.Is(err, script.ErrFailed) || errors.As(err, &interrupted) || errors.As(err, &unread) {
		return err
	}
	script.Report(os.Stderr, p.v, err, script.HasColor(os.Stderr))
	return script.ErrFailed
}

func (p *program) preload() {
	if err := script.Preload(p.v); err != nil {
		panic(err) // it depends on nothing outside of the program
	}
}

// exitBySignal ends a script that does not end by itself. It kills the commands of the
// script first, which would run on otherwise.
func exitBySignal(s syscall.Signal) {
	cmd.KillAll()
	os.Exit(statusSignal + int(s))
}

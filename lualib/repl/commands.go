package repl

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"

	"avescript/core/suggest"
)

// A command of the prompt is a line that begins with a colon: ":help". No Lua code does.
type command struct {
	name string
	args string // how its arguments are written, for the help
	does string // for the help

	// run executes the command. The text or the error that it returns is shown.
	run func(r *repl, ctx context.Context, args string) (shown string, err error)
}

// commands are all commands, in the order of the help.
func commands() []command {
	return []command{
		{"connect", "[HOST:]PORT [ACCOUNT]", "make a service the target: 'service' calls it", (*repl).runConnect},
		{"disconnect", "", "leave the target", (*repl).runDisconnect},
		{"services", "", "the services on this host", (*repl).runServices},
		{"stat", "", "the statistics of the target", (*repl).runStat},
		{"hickup", "[PID|NAME]", "what the target, or another process, is doing", (*repl).runHickup},
		{"watch", "EXPR [SECONDS]", "evaluate again and again, until Ctrl-C", (*repl).runWatch},
		{"time", "EXPR", "evaluate, and show how long it took", (*repl).runTime},
		{"load", "FILE", "run a file", (*repl).runLoad},
		{"reload", "MODULE", "load a module again", (*repl).runReload},
		{"save", "FILE", "save the inputs that worked as a script", (*repl).runSave},
		{"save!", "FILE", "the same, but replace an existing FILE", (*repl).runSaveAnyway},
		{"!", "COMMAND", "run a command of the shell", (*repl).runShell},
		{"help", "[NAME]", "these commands, or the manual of NAME", (*repl).runHelp},
		{"all", "", "show the whole last value, in a pager", (*repl).runAll},
		{"trace", "", "show the whole trace of the last error, including the calls in the service", (*repl).runTrace},
		{"frames", "", "list the calls of the last error; :up goes to one of them", (*repl).runFrames},
		{"up", "[N]", "go to the caller, or N calls up; names then mean its variables", (*repl).runUp},
		{"down", "[N]", "go back down one call, or N calls", (*repl).runDown},
		{"frame", "[N]", "go to call N of the list", (*repl).runFrame},
		{"error", "", "go to the call that raised the last error", (*repl).runError},
		{"where", "", "show the source of the current call", (*repl).runWhere},
		{"locals", "", "show the local variables and upvalues of the current call", (*repl).runLocals},
		{"quit", "", "leave", func(*repl, context.Context, string) (string, error) { return "", io.EOF }},
	}
}

// isCommand reports whether an input is a command: labels begin with two colons.
func isCommand(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, ":") && !strings.HasPrefix(text, "::")
}

// command runs an input that is a command: see [isCommand]. The error io.EOF leaves the prompt.
func (r *repl) command(ctx context.Context, text string) (shown string, err error) {
	name, args := splitCommand(text)
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c.run(r, ctx, strings.TrimSpace(args))
		}
		names = append(names, c.name)
	}
	return "", fmt.Errorf("there is no command :%s%s (:help lists them)", name, suggest.Hint(name, names))
}

// splitCommand gives the name of a command, and its arguments.
func splitCommand(text string) (name, args string) {
	text = strings.TrimPrefix(strings.TrimLeftFunc(text, unicode.IsSpace), ":")
	if args, ok := strings.CutPrefix(text, "!"); ok {
		return "!", args
	}
	end := strings.IndexFunc(text, unicode.IsSpace)
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

func (r *repl) runHelp(ctx context.Context, args string) (string, error) {
	if args != "" {
		return r.help(ctx, args)
	}
	var b strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-28s %s\n", strings.TrimSpace(":"+c.name+" "+c.args), c.does)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

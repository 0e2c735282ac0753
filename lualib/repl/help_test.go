package repl

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"avescript/lualib"
	"avescript/lualib/script"
	"avescript/lualib/show"
	"avescript/lualib/vm"
)

// newPrompt is an interpreter as the prompt has it.
func newPrompt(t *testing.T) *repl {
	t.Helper()
	v := lualib.New(vm.Stdio{})
	t.Cleanup(v.Close)
	if err := script.Preload(v); err != nil {
		t.Fatal(err)
	}
	return &repl{v: v, show: show.New(v, widthOfPipe)}
}

// says checks the beginnings of lines in what inputs show, or their errors. "" is for
// an input that shows nothing.
func (r *repl) says(t *testing.T, input string, lines ...string) {
	t.Helper()
	shown, err := r.evaluate(context.Background(), input)
	if err != nil {
		shown = err.Error()
	}
	for _, line := range lines {
		if !strings.Contains("\n"+shown, "\n"+line) {
			t.Errorf("%s: wanted a line %q, got\n%s", input, line, shown)
		}
	}
	if len(lines) == 0 && shown != "" {
		t.Errorf("%s: wanted nothing, got %s", input, shown)
	}
}

func TestHelp(t *testing.T) {
	r := newPrompt(t)
	r.says(t, `help(ave.cmd.quote)`, "ave.cmd.quote(word)", "    cmd.sh(", "  word string")
	r.says(t, `ave.cmd.quote?`, "ave.cmd.quote(word)")
	r.says(t, `help "Session:expect"`, "Session:expect(patterns, options?)")
	r.says(t, `print(help ave..fs)`, "stdin:1:")
	r.says(t, `help ave.fs`, "ave.fs", "  ave.fs.read(path, options?)")
	r.says(t, `local q = ave.cmd.quote`)
	r.says(t, `q?`, "ave.cmd.quote(word)") // by identity
	r.says(t, `help "free port"`, "  ave.network.connection.find_free_port(")
	r.says(t, `help "cmd.rnu"`, `the manual has no "cmd.rnu"; did you mean ave.cmd.run?`)
	r.says(t, `ave.cmd.rnu?`, `the manual has no "ave.cmd.rnu"; did you mean ave.cmd.run?`)
	r.says(t, `describe?`, "ave.test.describe(")
	r.says(t, `help(assert.equals)`, "assert.equals(expected, actual, message?)")
	r.says(t, `help(print)`, "the manual has nothing about print, which is a function")
	r.says(t, `help(1 + 1)`, "the manual has nothing about 1 + 1, which is 2")
	r.says(t, `help(error("boom"))`, "stdin:1: boom")
}

func TestHelpOnObjects(t *testing.T) {
	r := newPrompt(t)
	r.says(t, `local c = ave.task.channel(1)`)
	r.says(t, `c?`, "Channel\n", "  Channel:put(value, timeout?)")
	r.says(t, `c:put?`, "Channel:put(value, timeout?)")
	r.says(t, `help(c.put)`, "Channel:put(value, timeout?)")
	r.says(t, `Echo = ave.Control:subclass("Echo")`)
	r.says(t, `Echo?`, "Control\n")
	r.says(t, `Echo.stop?`, "Control:stop()")
	r.says(t, "-- Doubles a number.\nfunction twice(n, ...) return 2 * n end")
	r.says(t, `twice?`, "function(n, ...)", "    stdin:2", "Doubles a number.")
}

func TestHelpOnAService(t *testing.T) {
	r := newPrompt(t)
	r.says(t, `
		Echo = ave.Control:subclass("Echo")
		-- Gives back what it gets.
		Echo.echo = ave.Control.rpc(function(self, value, times) return value end, { times = 3 })
		socket, port = ave.find_free_port()
		serving = ave.task.spawn(function() Echo({ port = port, socket = socket }):run() end)
		remote = ave.RemoteControl({ "", port }, nil, 5)`)
	r.says(t, `remote:echo?`, "echo(value, times=3)", "Gives back what it gets.")
	r.says(t, `help(remote.echo)`, "echo(value, times=3)")
	r.says(t, `remote.nothing?`, `the service has no method "nothing"; it has echo`)
	r.says(t, `remote:call?`, "RemoteControl:call(method")
	r.says(t, `remote?`, "RemoteControl\n", "Methods of the service\n", "  echo(value, times=3)")
	r.says(t, `ave.RemoteControl?`, "RemoteControl\n")
	r.says(t, `remote:echo(5)`, "5")
	r.says(t, `serving:cancel()`)
}

// TestHelpDoesNotWait asks a service that says nothing.
func TestHelpDoesNotWait(t *testing.T) {
	r := newPrompt(t)
	r.says(t, `
		socket, port = ave.find_free_port()
		remote = ave.RemoteControl({ "", port }, nil, 5)`)
	r.says(t, `remote.echo?`, "timed out: the server at ")
	r.says(t, `remote?`, "RemoteControl\n", "The methods of the service are not known: ")
}

func TestHelpIsOfThePrompt(t *testing.T) {
	r := newPrompt(t)
	r.says(t, `type(help)`, `"nil"`)
	r.says(t, `-- really?`)
	r.says(t, `help = function(x) return x + 1 end`)
	r.says(t, `help(1)`, "2")
	r.says(t, `ave.cmd.quote?`, "ave.cmd.quote(word)")
}

// A task that computes leaves the interpreter no time.
func TestGivingUpWhileATaskComputes(t *testing.T) {
	r := newPrompt(t)
	r.says(t, `
		local start = os.clock()
		ave.task.spawn(function() while os.clock() < start + 1 do end end)
		return`)
	time.Sleep(50 * time.Millisecond) // until it has begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := r.evaluate(ctx, "1 + 1"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 500*time.Millisecond {
		t.Errorf("it took %v: %v", time.Since(start), err)
	}
}

func TestHelpWithoutTheLibrary(t *testing.T) {
	r := newPrompt(t)
	r.says(t, `quote = ave.cmd.quote`)
	r.says(t, `package, require = nil, nil`)
	r.says(t, `quote?`, "ave.cmd.quote(word)")
}

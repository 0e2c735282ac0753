package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/core/printable"
	"avescript/core/pty"
	"avescript/core/terminal"
	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// sessionClass is Session: a program that a script talks to. It is made by
// spawn.
var sessionClass = bind.Class{
	Name: "Session",
	Init: bind.MadeBy("Session", "ave.cmd.spawn"),
	Methods: []bind.Fn{
		bind.Func("close", "", sessionClose),
		bind.Func("control", "key", sessionControl),
		bind.Func("dropped", "", sessionDropped),
		bind.Func("expect", "patterns, options?", sessionExpect),
		bind.Func("expect_exact", "texts, options?", sessionExpectExact),
		bind.Func("expect_screen", "pattern, options?", sessionExpectScreen),
		bind.Func("interact", "options?", sessionInteract),
		bind.Func("is_alive", "", sessionIsAlive),
		bind.Func("lines", "options?", sessionLines),
		bind.Func("press", "...", sessionPress),
		bind.Func("resize", "cols, rows", sessionResize),
		bind.Func("screen", "", sessionScreen),
		bind.Func("send", "text, options?", sessionSend),
		bind.Func("sendeof", "", sessionSendEOF),
		bind.Func("sendline", "text?, options?", sessionSendLine),
		bind.Func("wait", "timeout?", sessionWait),
		bind.Func("wait_noecho", "options?", sessionWaitNoEcho),
		bind.Func("wait_stable", "options?", sessionWaitStable),
	},
	Meta: map[string]lua.LGFunction{"__index": sessionIndex, "__tostring": sessionToString},
}

// defaultPatience is how long a session waits for its program, as in pexpect: a
// test that waits without limit tells nothing.
const defaultPatience = 30 * time.Second

// session is the Go part of a Session.
type session struct {
	*terminal.Session
	timeout time.Duration
}

// limit returns how long to wait; negative means no limit.
func (s *session) limit(given bind.Seconds) time.Duration { return given.Or(s.timeout) }

func cmdSpawn(c *bind.Call) error {
	var argv command
	var options terminal.Options
	var record string
	timeout := defaultPatience
	err := c.Args(&argv, bind.Options{
		bind.Into("clear_env", &options.ClearEnv),
		bind.Into("cwd", &options.Dir),
		bind.Into("env", (*environment)(&options.Env)),
		bind.Into("keep", &options.Keep),
		bind.Into("ladder", (*ladder)(&options.Ladder)),
		bind.Into("output_file", outputFile{&options.Output}),
		bind.Into("record", &record),
		bind.Into("screen", &options.Screen),
		bind.Into("size", (*bind.TerminalSize)(&options.Size)),
		bind.Into("timeout", &timeout),
		bind.Into("user", &options.User),
	})
	if err != nil {
		return err
	}
	recording, err := openRecording(c.L, record, argv)
	if err != nil {
		return err
	}
	if recording != nil {
		options.Record = recording
	}
	started, err := terminal.Spawn(argv, options)
	if err != nil {
		if recording != nil {
			_ = recording.Close() // a session that started would close it
		}
		return err
	}
	s := &session{started, timeout}
	keptSessions.Of(c.L).add(s)
	s.tellMade(c.L, recording)
	object := bind.New(c.L, &sessionClass, s)
	object.RawSetString("pid", lua.LNumber(s.PID()))
	return c.Return(object)
}

// tellMade reports what a session may leave behind: its process and its terminal.
func (s *session) tellMade(L *lua.LState, file *recording) {
	vm.Made(L, vm.MadeProcess, s.PID())
	s.Descriptors(func(master int, others []int) {
		vm.Made(L, vm.MadeDescriptor, master)
		if file != nil {
			others = append(others, int(file.Fd()))
		}
		for _, fd := range others {
			vm.Made(L, vm.MadePart, fd)
		}
	})
}

// sessions are the sessions of an interpreter that may not have ended. They do not
// outlive its script.
type sessions map[*session]struct{}

var keptSessions = vm.Keep(func(L *lua.LState) sessions {
	all := sessions{}
	stdlib.OnExit(L, func(*lua.LState, bool) { all.close() })
	vm.TestRunOf(L).ShowAtDeadline(all.views)
	return all
})

func (all sessions) add(s *session) {
	for old := range all {
		if old.HasEnded() {
			delete(all, old)
		}
	}
	all[s] = struct{}{}
}

// viewTime limits the time for drawing the screens of a failed test.
const viewTime = time.Second

// views returns the screens of the programs that are running.
func (all sessions) views() map[string]string {
	ctx, cancel := context.WithTimeout(context.Background(), viewTime)
	defer cancel()
	views := map[string]string{}
	for s := range all {
		if s.HasEnded() {
			continue
		}
		if image, err := s.Screen(ctx); err == nil {
			views[fmt.Sprintf("screen of process %d", s.PID())] = image.Text()
		}
	}
	return views
}

func (all sessions) close() {
	var closing sync.WaitGroup
	for s := range all {
		closing.Go(func() { _, _ = s.Close() })
	}
	closing.Wait()
}

// sessionIndex adds the field after, which would be expensive to keep up to date.
func sessionIndex(L *lua.LState) int {
	object, key := L.CheckTable(1), L.Get(2)
	if s, ok := bind.Part[*session](object); ok && key == lua.LString("after") {
		L.Push(lua.LString(s.Pending()))
		return 1
	}
	L.Push(L.GetTable(object.Metatable, key))
	return 1
}

// longestCommand is how much of a session's command is shown, in bytes.
const longestCommand = 60

func sessionToString(L *lua.LState) int {
	s, ok := bind.Part[*session](L.Get(1))
	if !ok {
		return bind.Show(L, bind.Uninitialized)
	}
	command := printable.Line(strings.Join(s.Command(), " "))
	if len(command) > longestCommand {
		command = strings.ToValidUTF8(command[:longestCommand], "") + "…"
	}
	return bind.Show(L, command, fmt.Sprintf("process %d", s.PID()), s.State())
}

type waitOptions struct {
	Timeout bind.Seconds `lua:"timeout"`
}

func sessionExpect(c *bind.Call) error {
	var patterns patternList
	return expect(c, &patterns, func() []terminal.Pattern { return patterns })
}

// sessionExpectExact takes only strings and events.
func sessionExpectExact(c *bind.Call) error {
	var texts textList
	return expect(c, &texts, func() []terminal.Pattern { return texts.patternList })
}

func expect(c *bind.Call, target any, patterns func() []terminal.Pattern) error {
	var options waitOptions
	var m terminal.Match
	err := bind.WithPart(c, func(ctx context.Context, s *session) (err error) {
		m, err = s.Expect(ctx, patterns(), s.limit(options.Timeout))
		return err
	}, target, &options)
	if err != nil {
		return err
	}
	c.Self.RawSetString("before", lua.LString(m.Before))
	c.Self.RawSetString("match", lua.LString(m.Text))
	c.Self.RawSetString("captures", bind.Value(c.L, m.Captures))
	if err := c.Return(m.Index + 1); err != nil {
		return err
	}
	for _, capture := range m.Captures {
		if err := c.Return(capture); err != nil {
			return err
		}
	}
	return nil
}

// sessionLines returns an iterator over the lines, without line ends.
func sessionLines(c *bind.Call) error {
	var options waitOptions
	s, err := bind.Self[*session](c)
	if err == nil {
		err = c.Args(&options)
	}
	if err != nil {
		return err
	}
	return c.Return(bind.Function(c.L, "Session:lines", "...", func(c *bind.Call) (err error) {
		var line string
		c.Unlocked(func(ctx context.Context) { line, err = s.ReadLine(ctx, s.limit(options.Timeout)) })
		if err != nil || line == "" {
			return errors.Join(err, c.Return(nil))
		}
		return c.Return(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
	}))
}

type sendOptions struct {
	Delay   bind.Seconds `lua:"delay"`
	Timeout bind.Seconds `lua:"timeout"`
}

func sessionSend(c *bind.Call) error { return send(c, "") }

// sessionSendLine ends the text like the Enter key.
func sessionSendLine(c *bind.Call) error { return send(c, "\r") }

func send(c *bind.Call, end string) error {
	var text string
	var options sendOptions
	return bind.WithPart(c, func(ctx context.Context, s *session) error {
		return s.Send(ctx, []byte(text+end), options.Delay.Or(0), s.limit(options.Timeout))
	}, &text, &options)
}

func sessionSendEOF(c *bind.Call) error {
	return bind.WithPart(c, func(ctx context.Context, s *session) error { return s.SendEOF(ctx, s.timeout) })
}

func sessionControl(c *bind.Call) error {
	var key string
	return bind.WithPart(c, func(ctx context.Context, s *session) error {
		b, err := terminal.Control(key)
		if err != nil {
			return err
		}
		return s.Send(ctx, []byte{b}, 0, s.timeout)
	}, &key)
}

func sessionWaitNoEcho(c *bind.Call) error {
	var options waitOptions
	return bind.WithPart(c, func(ctx context.Context, s *session) error {
		return s.WaitNoEcho(ctx, s.limit(options.Timeout))
	}, &options)
}

func sessionResize(c *bind.Call) error {
	var size pty.Size
	return bind.WithPart(c, func(_ context.Context, s *session) error {
		if size.Cols < 1 || size.Rows < 1 {
			return exceptions.TypeError.Newf("Session:resize: wanted 1 or more columns and rows, got %d columns and %d rows", size.Cols, size.Rows)
		}
		return s.Resize(size)
	}, &size.Cols, &size.Rows)
}

func sessionWait(c *bind.Call) error {
	var limit bind.Seconds
	var status int
	err := bind.WithPart(c, func(ctx context.Context, s *session) (err error) {
		status, err = s.Wait(ctx, s.limit(limit))
		return err
	}, &limit)
	if err != nil {
		return err
	}
	return c.Return(status)
}

func sessionClose(c *bind.Call) error {
	var status int
	err := bind.WithPart(c, func(_ context.Context, s *session) (err error) {
		status, err = s.Close()
		return err
	})
	if err != nil {
		return err
	}
	return c.Return(status)
}

func sessionIsAlive(c *bind.Call) error {
	s, err := bind.Self[*session](c)
	if err != nil {
		return err
	}
	return c.Return(!s.HasEnded())
}

func sessionDropped(c *bind.Call) error {
	s, err := bind.Self[*session](c)
	if err != nil {
		return err
	}
	return c.Return(s.Dropped())
}

// defaultEscape is Ctrl-], as in telnet and pexpect.
const defaultEscape = "]"

func sessionInteract(c *bind.Call) error {
	options := struct {
		Escape string `lua:"escape"`
	}{defaultEscape}
	return bind.WithPart(c, func(ctx context.Context, s *session) error {
		escape, err := terminal.Control(options.Escape)
		if err != nil {
			return err
		}
		return s.Interact(ctx, os.Stdin, os.Stdout, escape)
	}, &options)
}

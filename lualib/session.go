package lualib

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
	"avescript/core/pty"
	"avescript/core/terminal"
	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
	"avescript/lualib/suite"
	"avescript/lualib/vm"
)

func init() {
	cmdModule.Funcs = append(cmdModule.Funcs,
		bind.Func("pattern", "pattern", cmdPattern),
		bind.Func("regex", "expression", cmdRegex),
		bind.Func("spawn", "cmd, options?", cmdSpawn),
	)
	cmdModule.Classes = append(cmdModule.Classes, &patternClass, &sessionClass)
	cmdModule.Fill = func(L *lua.LState, module *lua.LTable) {
		module.RawSetString("EOF", newPattern(L, terminal.EOF))
		module.RawSetString("TIMEOUT", newPattern(L, terminal.Timeout))
	}
}

// sessionClass is Session: a program that a script talks to. It is made by
// spawn.
var sessionClass = bind.Class{
	Name: "Session",
	Init: func(*bind.Call) error { return madeBy("Session", "ave.cmd.spawn") },
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
	Meta: map[string]lua.LGFunction{"__index": sessionIndex},
}

// defaultPatience is how long a session waits for its program. It is
// pexpect's: a test that waits for ever says nothing.
const defaultPatience = 30 * time.Second

// session is the Go part of a Session.
type session struct {
	*terminal.Session
	timeout time.Duration
}

// limit is how long to wait; negative for ever.
func (s *session) limit(given bind.Seconds) time.Duration { return given.Or(s.timeout) }

type spawnOptions struct {
	ClearEnv   bool         `lua:"clear_env"`
	Cwd        string       `lua:"cwd"`
	Env        environment  `lua:"env"`
	Keep       int          `lua:"keep"`
	Ladder     ladder       `lua:"ladder"`
	OutputFile outputFile   `lua:"output_file"`
	Record     string       `lua:"record"`
	Screen     bool         `lua:"screen"`
	Size       terminalSize `lua:"size"`
	Timeout    bind.Seconds `lua:"timeout"`
	User       string       `lua:"user"`
}

func (o *spawnOptions) core() terminal.Options {
	return terminal.Options{
		Options: pty.Options{Dir: o.Cwd, Env: o.Env, ClearEnv: o.ClearEnv, Size: pty.Size(o.Size), User: o.User},
		Keep:    o.Keep,
		Output:  o.OutputFile.Writer,
		Screen:  o.Screen,
		Ladder:  o.Ladder,
	}
}

func cmdSpawn(c *bind.Call) error {
	var argv command
	var options spawnOptions
	if err := c.Args(&argv, &options); err != nil {
		return err
	}
	core := options.core()
	recording, err := openRecording(c.L, options.Record, argv)
	if err != nil {
		return err
	}
	if recording != nil {
		core.Record = recording
	}
	started, err := terminal.Spawn(argv, core)
	if err != nil {
		if recording != nil {
			_ = recording.Close() // of a session it would be the session's
		}
		return err
	}
	s := &session{started, options.Timeout.Or(defaultPatience)}
	sessionsOf(c.L).add(s)
	s.tellMade(c.L, recording)
	object := bind.New(c.L, &sessionClass, s)
	object.RawSetString("pid", lua.LNumber(s.PID()))
	return c.Return(object)
}

// tellMade tells what a session may leave behind: its process and its terminal.
func (s *session) tellMade(L *lua.LState, recording *os.File) {
	vm.Made(L, vm.MadeProcess, s.PID())
	s.Descriptors(func(master int, others []int) {
		vm.Made(L, vm.MadeDescriptor, master)
		if recording != nil {
			others = append(others, int(recording.Fd()))
		}
		for _, fd := range others {
			vm.Made(L, vm.MadePart, fd)
		}
	})
}

// sessions are those of an interpreter that may not have ended. They don't
// outlive its script.
type sessions map[*session]struct{}

type sessionsKey struct{}

func sessionsOf(L *lua.LState) sessions {
	attached := vm.Of(L).Attached
	if all, ok := attached[sessionsKey{}].(sessions); ok {
		return all
	}
	all := sessions{}
	attached[sessionsKey{}] = all
	stdlib.OnExit(L, func(*lua.LState, bool) { all.close() })
	suite.ShowAtDeadline(L, all.views)
	return all
}

func (all sessions) add(s *session) {
	for old := range all {
		if old.HasEnded() {
			delete(all, old)
		}
	}
	all[s] = struct{}{}
}

// views are the screens of the programs that run.
func (all sessions) views() map[string]string {
	views := map[string]string{}
	for s := range all {
		if !s.HasEnded() {
			views[fmt.Sprintf("screen of process %d", s.PID())] = s.Screen().Text()
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

// sessionIndex knows one field more than the class: what comes next, which would
// cost much to have ready.
func sessionIndex(L *lua.LState) int {
	object, key := L.CheckTable(1), L.Get(2)
	if s, ok := bind.Part[*session](object); ok && key == lua.LString("after") {
		L.Push(lua.LString(s.Pending()))
		return 1
	}
	L.Push(L.GetTable(object.Metatable, key))
	return 1
}

type waitOptions struct {
	Timeout bind.Seconds `lua:"timeout"`
}

func sessionExpect(c *bind.Call) error {
	var patterns patternList
	return expect(c, &patterns, func() []terminal.Pattern { return patterns })
}

// sessionExpectExact takes texts alone, and the events.
func sessionExpectExact(c *bind.Call) error {
	var texts textList
	return expect(c, &texts, func() []terminal.Pattern { return texts.patternList })
}

func expect(c *bind.Call, target any, patterns func() []terminal.Pattern) error {
	var options waitOptions
	var m terminal.Match
	err := withPart(c, func(ctx context.Context, s *session) (err error) {
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

// sessionLines gives an iterator over the lines, without their ends.
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

// sessionSendLine ends the text as the Enter key does.
func sessionSendLine(c *bind.Call) error { return send(c, "\r") }

func send(c *bind.Call, end string) error {
	var text string
	var options sendOptions
	return withPart(c, func(ctx context.Context, s *session) error {
		return s.Send(ctx, []byte(text+end), options.Delay.Or(0), s.limit(options.Timeout))
	}, &text, &options)
}

func sessionSendEOF(c *bind.Call) error {
	return withPart(c, func(ctx context.Context, s *session) error { return s.SendEOF(ctx, s.timeout) })
}

func sessionControl(c *bind.Call) error {
	var key string
	return withPart(c, func(ctx context.Context, s *session) error {
		b, err := terminal.Control(key)
		if err != nil {
			return err
		}
		return s.Send(ctx, []byte{b}, 0, s.timeout)
	}, &key)
}

func sessionWaitNoEcho(c *bind.Call) error {
	var options waitOptions
	return withPart(c, func(ctx context.Context, s *session) error {
		return s.WaitNoEcho(ctx, s.limit(options.Timeout))
	}, &options)
}

func sessionResize(c *bind.Call) error {
	var size pty.Size
	return withPart(c, func(_ context.Context, s *session) error {
		if size.Cols < 1 || size.Rows < 1 {
			return exceptions.TypeError.Newf("Session:resize: wanted at least 1 column and 1 row, got %d and %d", size.Cols, size.Rows)
		}
		return s.Resize(size)
	}, &size.Cols, &size.Rows)
}

func sessionWait(c *bind.Call) error {
	var limit bind.Seconds
	var status int
	err := withPart(c, func(ctx context.Context, s *session) (err error) {
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
	err := withPart(c, func(_ context.Context, s *session) (err error) {
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

// defaultEscape is Ctrl-], as for telnet and pexpect.
const defaultEscape = "]"

func sessionInteract(c *bind.Call) error {
	options := struct {
		Escape string `lua:"escape"`
	}{defaultEscape}
	return withPart(c, func(ctx context.Context, s *session) error {
		escape, err := terminal.Control(options.Escape)
		if err != nil {
			return err
		}
		return s.Interact(ctx, os.Stdin, os.Stdout, escape)
	}, &options)
}

package lualib

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// logModule is ave.log: what a program has to say about itself. Its functions
// are those of the default logger, which setup makes.
var logModule = bind.Module{
	Name:    "ave.log",
	Classes: []*bind.Class{&loggerClass},
	Funcs: []bind.Fn{
		bind.Func("debug", "message, fields?", logDefault(slog.LevelDebug)),
		bind.Func("error", "message, fields?", logDefault(slog.LevelError)),
		bind.Func("info", "message, fields?", logDefault(slog.LevelInfo)),
		bind.Func("setup", "options?", logSetup),
		bind.Func("warn", "message, fields?", logDefault(slog.LevelWarn)),
		bind.Func("with", "fields", logWith),
	},
}

// loggerClass is Logger.
var loggerClass = bind.Class{
	Name:   "Logger",
	Params: "options?",
	Init:   initLogger,
	Methods: []bind.Fn{
		bind.Func("close", "", loggerClose),
		bind.Func("debug", "message, fields?", loggerMethod(slog.LevelDebug)),
		bind.Func("error", "message, fields?", loggerMethod(slog.LevelError)),
		bind.Func("info", "message, fields?", loggerMethod(slog.LevelInfo)),
		bind.Func("warn", "message, fields?", loggerMethod(slog.LevelWarn)),
	},
}

func init() { // it makes an object of the class
	loggerClass.Methods = append(loggerClass.Methods, bind.Func("with", "fields", loggerWith))
}

// logs is the Go part of a Logger. Those that with has made share the file.
type logs struct {
	handler slog.Handler
	file    *os.File // nil for stderr
}

// logLevel is a level by its name.
type logLevel struct{ slog.Level }

func (l *logLevel) UnpackLua(_ *lua.LState, v lua.LValue) error {
	levels := map[lua.LString]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	name, _ := v.(lua.LString)
	level, ok := levels[name]
	if !ok {
		return bind.Wanted(`"debug", "info", "warn" or "error"`)
	}
	l.Level = level
	return nil
}

// logFormat is "text" or "json".
type logFormat string

func (f *logFormat) UnpackLua(_ *lua.LState, v lua.LValue) error {
	name, _ := v.(lua.LString)
	if name != "text" && name != "json" {
		return bind.Wanted(`"text" or "json"`)
	}
	*f = logFormat(name)
	return nil
}

type logOptions struct {
	Level  logLevel    `lua:"level"`
	Format logFormat   `lua:"format"`
	File   string      `lua:"file"`
	Fields *lua.LTable `lua:"fields"`
}

// newLogs opens a log file for appending, so that several processes can have
// the same one. A named pipe needs a reader, who is not waited for.
func newLogs(c *bind.Call) (*logs, error) {
	var options logOptions
	if err := c.Args(&options); err != nil {
		return nil, err
	}
	l := &logs{}
	var out io.Writer = os.Stderr
	if options.File != "" {
		err := onFiles(c, func(context.Context) (err error) {
			l.file, err = os.OpenFile(options.File, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NONBLOCK, 0o644)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = l.file
	}
	settings := &slog.HandlerOptions{Level: options.Level.Level}
	if options.Format == "json" {
		l.handler = slog.NewJSONHandler(out, settings)
	} else {
		l.handler = slog.NewTextHandler(out, settings)
	}
	if options.Fields != nil {
		attrs, err := attributes(c.L, options.Fields)
		if err != nil {
			return nil, err
		}
		l.handler = l.handler.WithAttrs(attrs)
	}
	return l, nil
}

func initLogger(c *bind.Call) error {
	l, err := newLogs(c)
	if err != nil {
		return err
	}
	bind.Attach(c.L, c.Self, l)
	return nil
}

type defaultLogsKey struct{}

func defaultLogs(L *lua.LState) *logs {
	if l, ok := vm.Of(L).Attached[defaultLogsKey{}].(*logs); ok {
		return l
	}
	return &logs{handler: slog.NewTextHandler(os.Stderr, nil)}
}

func logSetup(c *bind.Call) error {
	l, err := newLogs(c)
	if err != nil {
		return err
	}
	vm.Of(c.L).Attached[defaultLogsKey{}] = l
	return nil
}

func logDefault(level slog.Level) func(*bind.Call) error {
	return func(c *bind.Call) error { return defaultLogs(c.L).log(c, level) }
}

func loggerMethod(level slog.Level) func(*bind.Call) error {
	return func(c *bind.Call) error {
		l, err := bind.Self[*logs](c)
		if err != nil {
			return err
		}
		return l.log(c, level)
	}
}

func (l *logs) log(c *bind.Call, level slog.Level) error {
	var message string
	var fields *lua.LTable
	if err := c.Args(&message, &fields); err != nil {
		return err
	}
	if !l.handler.Enabled(context.Background(), level) {
		return nil
	}
	record := slog.NewRecord(time.Now(), level, message, 0)
	if fields != nil {
		attrs, err := attributes(c.L, fields)
		if err != nil {
			return err
		}
		record.AddAttrs(attrs...)
	}
	return onFiles(c, func(ctx context.Context) error { return l.handler.Handle(ctx, record) })
}

// attributes are the fields in the order of their names, since a table has
// none.
func attributes(L *lua.LState, fields *lua.LTable) (attrs []slog.Attr, err error) {
	values := map[string]lua.LValue{}
	fields.ForEach(func(key, value lua.LValue) {
		if name, ok := key.(lua.LString); ok {
			values[string(name)] = value
		} else {
			err = exceptions.TypeError.Newf("a field of the log: %w", bind.Mismatch("a name that is a string", key))
		}
	})
	for _, name := range slices.Sorted(maps.Keys(values)) {
		attrs = append(attrs, slog.Any(name, logValue(L, values[name])))
	}
	return attrs, err
}

// logValue is a field as it is written: what JSON has a form for as JSON, and
// errors and all other values as text.
func logValue(L *lua.LState, v lua.LValue) any {
	switch v := v.(type) {
	case lua.LString:
		return strings.ToValidUTF8(string(v), "\uFFFD")
	case lua.LNumber:
		return float64(v)
	case lua.LBool:
		return bool(v)
	case *lua.LTable:
		if text, err := codec.For(L).AppendSorted(L, nil, v, ""); err == nil && !bind.IsErrorObject(v) {
			return json.RawMessage(text)
		}
	}
	return L.ToStringMeta(v).String()
}

func logWith(c *bind.Call) error { return defaultLogs(c.L).with(c) }

func loggerWith(c *bind.Call) error {
	l, err := bind.Self[*logs](c)
	if err != nil {
		return err
	}
	return l.with(c)
}

// with returns a logger that adds fields to whatever it writes.
func (l *logs) with(c *bind.Call) error {
	var fields *lua.LTable
	if err := c.Args(&fields); err != nil {
		return err
	}
	attrs, err := attributes(c.L, fields)
	if err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &loggerClass, &logs{l.handler.WithAttrs(attrs), l.file}))
}

func loggerClose(c *bind.Call) error {
	l, err := bind.Self[*logs](c)
	if err != nil {
		return err
	}
	if l.file == nil {
		return errors.New("wanted a logger with a file, got one that writes to stderr")
	}
	return l.file.Close()
}

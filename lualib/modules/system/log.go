package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"avescript/core/printable"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
	"avescript/lualib/vm"
)

// LogModule is ave.log. Its functions are those of the default logger, which setup
// replaces.
var LogModule = bind.Module{
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
		bind.Func("with", "fields", loggerWith),
	},
}

// logs is the Go part of a Logger. Loggers that with has made share the file.
type logs struct {
	handler slog.Handler
	file    *os.File // nil for stderr
}

// printableJSON writes JSON that is safe to print on a terminal.
type printableJSON struct{ io.Writer }

func (w printableJSON) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, printable.Lines(string(text), "")); err != nil {
		return 0, err
	}
	return len(text), nil
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

// newLogs opens a log file for appending, so that several processes can use the
// same file. A named pipe must have a reader; it does not wait for one.
func newLogs(c *bind.Call) (*logs, error) {
	var options logOptions
	if err := c.Args(&options); err != nil {
		return nil, err
	}
	l := &logs{}
	out := vm.Of(c.L).Stderr()
	if options.File != "" {
		err := bind.OnFiles(c, func(context.Context) (err error) {
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
		l.handler = slog.NewJSONHandler(printableJSON{out}, settings)
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
	bind.Attach(c.Self, l)
	return nil
}

var defaultLogs = vm.Keep(func(L *lua.LState) *logs {
	return &logs{handler: slog.NewTextHandler(vm.Of(L).Stderr(), nil)}
})

func logSetup(c *bind.Call) error {
	l, err := newLogs(c)
	if err != nil {
		return err
	}
	defaultLogs.Set(c.L, l)
	return nil
}

func logDefault(level slog.Level) func(*bind.Call) error {
	return func(c *bind.Call) error { return defaultLogs.Of(c.L).log(c, level) }
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
	err := bind.OnFiles(c, func(ctx context.Context) error { return l.handler.Handle(ctx, record) })
	if errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("the log file %s is closed", l.file.Name())
	}
	return err
}

// attributes returns the fields, sorted by name, because a table has no order.
func attributes(L *lua.LState, fields *lua.LTable) (attrs []slog.Attr, err error) {
	values := map[string]lua.LValue{}
	fields.ForEach(func(key, value lua.LValue) {
		if name, ok := key.(lua.LString); ok {
			values[string(name)] = value
		} else {
			err = exceptions.TypeError.Newf("fields: %w", bind.Mismatch("strings as names", key))
		}
	})
	for _, name := range slices.Sorted(maps.Keys(values)) {
		attrs = append(attrs, slog.Any(name, logValue(L, values[name])))
	}
	return attrs, err
}

// logValue returns a field in the form that is written: values that JSON can encode
// as JSON, errors and all other values as text.
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

func logWith(c *bind.Call) error {
	l, err := defaultLogs.Of(c.L).with(c)
	if err != nil {
		return err
	}
	return c.Return(bind.New(c.L, &loggerClass, l))
}

func loggerWith(c *bind.Call) error {
	l, err := bind.Self[*logs](c)
	if err != nil {
		return err
	}
	l, err = l.with(c)
	if err != nil {
		return err
	}
	return c.Return(c.New(l))
}

// with returns a logger that adds fields to everything that it writes.
func (l *logs) with(c *bind.Call) (*logs, error) {
	var fields *lua.LTable
	if err := c.Args(&fields); err != nil {
		return nil, err
	}
	attrs, err := attributes(c.L, fields)
	if err != nil {
		return nil, err
	}
	return &logs{l.handler.WithAttrs(attrs), l.file}, nil
}

func loggerClose(c *bind.Call) error {
	l, err := bind.Self[*logs](c)
	if err != nil {
		return err
	}
	if l.file == nil {
		return errors.New("this logger has no file to close: it writes to stderr")
	}
	return l.file.Close()
}

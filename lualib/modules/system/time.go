package system

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// TimeModule is ave.time: clocks, dates, durations and deadlines.
var TimeModule = bind.Module{
	Name: "ave.time",
	Funcs: []bind.Fn{
		bind.Func("duration", "text", timeDuration),
		bind.Func("format", "when?, format?, zone?", timeFormat),
		bind.Func("format_duration", "seconds", timeFormatDuration),
		bind.Func("monotonic", "", timeMonotonic),
		bind.Func("now", "", timeNow),
		bind.Func("parse", "text, format?, zone?", timeParse),
		bind.Func("sleep", "seconds", timeSleep),
		bind.Func("within", "seconds, fn, ...", timeWithin),
	},
}

// units are the units of durations, longest first.
var units = []struct {
	name   string
	length time.Duration
}{
	{"w", 7 * 24 * time.Hour},
	{"d", 24 * time.Hour},
	{"h", time.Hour},
	{"m", time.Minute},
	{"s", time.Second},
	{"ms", time.Millisecond},
	{"us", time.Microsecond},
	{"ns", time.Nanosecond},
}

// durationForm matches the parts of a duration. It is compiled on first use,
// because most scripts do not need it.
var durationForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(\d+(?:\.\d+)?)(w|d|h|ms|m|s|us|ns)`)
})

func timeDuration(c *bind.Call) error {
	var text string
	if err := c.Args(&text); err != nil {
		return err
	}
	seconds, err := parseDuration(text)
	if err != nil {
		return err
	}
	return c.Return(seconds)
}

func parseDuration(text string) (seconds float64, err error) {
	sign, rest := 1.0, text
	if strings.HasPrefix(text, "-") {
		sign, rest = -1, text[1:]
	}
	if !strings.ContainsAny(rest, "wdhms") {
		rest += "s" // a number without a unit is one of seconds
	}
	if durationForm().ReplaceAllString(rest, "") != "" {
		return 0, fmt.Errorf(`wanted a duration such as "1h30m", "250ms" or "2d", got %q`, text)
	}
	for _, part := range durationForm().FindAllStringSubmatch(rest, -1) {
		number, _ := strconv.ParseFloat(part[1], 64) // its form was checked
		for _, unit := range units {
			if unit.name == part[2] {
				// Divided, because a millisecond is not an exact number of seconds
				// in binary.
				seconds += number * float64(unit.length) / float64(time.Second)
			}
		}
	}
	return sign * seconds, nil
}

func timeFormatDuration(c *bind.Call) error {
	var seconds float64
	if err := c.Args(&seconds); err != nil {
		return err
	}
	if math.Abs(seconds) > math.MaxInt64/float64(time.Second) || math.IsNaN(seconds) {
		return fmt.Errorf("ave.time.format_duration: wanted at most 292 years, got %v seconds", seconds)
	}
	return c.Return(formatDuration(time.Duration(math.Round(seconds * float64(time.Second)))))
}

// formatDuration writes "1d2h3m4.5s"; less than a second is written with one
// smaller unit, exactly.
func formatDuration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	if d < time.Second {
		if d == 0 {
			return "0s"
		}
		return sign + strings.ReplaceAll(d.String(), "µ", "u")
	}
	var b strings.Builder
	for _, unit := range units[1:4] { // no weeks: people rarely expect them
		if n := d / unit.length; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d %= unit.length
		}
	}
	if d > 0 {
		b.WriteString(strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s")
	}
	return sign + b.String()
}

// zone is "local", "UTC", an offset such as "+02:00", or a name in the time zone
// database.
type zone struct{ *time.Location }

func (z *zone) UnpackLua(_ *lua.LState, v lua.LValue) error {
	const want = `a time zone such as "local", "UTC", "+02:00" or "Europe/Stockholm"`
	name, ok := v.(lua.LString)
	if !ok {
		return bind.Wanted(want)
	}
	if name == "local" {
		z.Location = time.Local
		return nil
	}
	if offset, err := time.Parse("-07:00", string(name)); err == nil {
		z.Location = offset.Location()
		return nil
	}
	var err error
	if z.Location, err = time.LoadLocation(string(name)); err != nil || name == "" {
		return bind.Wanted(want)
	}
	return nil
}

// rfc3339 has as many digits of the fraction as a number of seconds is exact.
const rfc3339 = "2006-01-02T15:04:05.999999Z07:00"

func timeFormat(c *bind.Call) error {
	when := unixSeconds(time.Now())
	var format string
	in := zone{time.Local}
	if err := c.Args(&when, &format, &in); err != nil {
		return err
	}
	const most = 1 << 53
	if !(math.Abs(when) < most) {
		return fmt.Errorf("ave.time.format: wanted seconds since 1970, got %v", when)
	}
	t := timeOf(when).In(in.Location)
	if format == "" {
		return c.Return(t.Format(rfc3339))
	}
	return c.Return(stdlib.Strftime(t, format))
}

// timeOf converts a Lua number, which is exact to about a microsecond.
func timeOf(seconds float64) time.Time {
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000)
}

func timeParse(c *bind.Call) error {
	var text, format string
	in := zone{time.Local}
	if err := c.Args(&text, &format, &in); err != nil {
		return err
	}
	var t time.Time
	var err error
	if format == "" {
		if t, err = time.Parse(time.RFC3339, text); err != nil {
			err = fmt.Errorf(`wanted a time such as "2026-11-22T13:30:00Z", got %q`, text)
		}
	} else {
		t, err = stdlib.Strptime(text, format, in.Location)
	}
	if err != nil {
		return fmt.Errorf("ave.time.parse: %w", err)
	}
	return c.Return(unixSeconds(t))
}

func timeNow(c *bind.Call) error { return c.Return(unixSeconds(time.Now())) }

var monotonicBase = time.Now()

// timeMonotonic counts from the start of the process.
func timeMonotonic(c *bind.Call) error { return c.Return(time.Since(monotonicBase)) }

// definite is a time that must be given: if it is forgotten, it must not mean no
// limit.
type definite struct{ bind.Seconds }

func (d *definite) UnpackLua(L *lua.LState, v lua.LValue) error {
	if v == lua.LNil {
		return bind.Wanted("a number of seconds, 0 or more")
	}
	return bind.Unpack(L, v, &d.Seconds)
}

func timeSleep(c *bind.Call) error {
	var length definite
	if err := c.Args(&length); err != nil {
		return err
	}
	c.Unlocked(func(ctx context.Context) {
		select {
		case <-length.After():
		case <-ctx.Done():
		}
	})
	return nil
}

// timeWithin calls a function with a time limit. After it the function is
// interrupted, and a pcall cannot prevent that.
func timeWithin(c *bind.Call) error {
	var limit definite
	var fn *lua.LFunction
	if err := c.Args(&limit, &fn); err != nil {
		return err
	}
	ctx, cancel := vm.Context(c.L), context.CancelFunc(func() {})
	if d := limit.Or(-1); d >= 0 {
		late := exceptions.Timeout.Newf("the function did not return within %v", d)
		ctx, cancel = context.WithTimeoutCause(ctx, d, late)
	}
	defer cancel()
	var returned bind.Results
	err := vm.Within(c.L, ctx, func(L *lua.LState) error {
		returned.Of(L, fn, c.Rest(3)...)
		return nil
	})
	if err != nil {
		return err
	}
	return c.Return(returned...)
}

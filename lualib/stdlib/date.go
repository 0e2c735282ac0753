package stdlib

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// os.date and os.time: calendar time in the process's time zone, or UTC.

// maxUnixTime is the end of the last year whose number fits into a C int; the
// reference has no later date.
const maxUnixTime = 67768036191676799

func osDate(a args) int {
	format := a.stringOr(1, "%c")
	seconds := time.Now().Unix()
	if !a.absent(2) {
		seconds = int64(a.integer(2))
	}
	if seconds > maxUnixTime || seconds < -maxUnixTime {
		a.L.Push(lua.LNil)
		return 1
	}
	t := time.Unix(seconds, 0)
	format, utc := strings.CutPrefix(format, "!")
	if utc {
		// The name of the zone is that of gmtime, not Go's UTC.
		t = t.In(time.FixedZone("GMT", 0))
	}
	if format == "*t" {
		a.L.Push(dateTable(a.L, t))
		return 1
	}
	return a.pushString(Strftime(t, format))
}

func dateTable(L *lua.LState, t time.Time) *lua.LTable {
	table := L.CreateTable(0, 9)
	for name, value := range map[string]int{
		"sec":   t.Second(),
		"min":   t.Minute(),
		"hour":  t.Hour(),
		"day":   t.Day(),
		"month": int(t.Month()),
		"year":  t.Year(),
		"wday":  int(t.Weekday()) + 1,
		"yday":  t.YearDay(),
	} {
		table.RawSetString(name, lua.LNumber(value))
	}
	table.RawSetString("isdst", lua.LBool(t.IsDST()))
	return table
}

func osTime(a args) int {
	if a.absent(1) {
		return a.pushNumber(float64(time.Now().Unix()))
	}
	t := a.table(1)
	sec := a.dateField(t, "sec", 0)
	minute := a.dateField(t, "min", 0)
	hour := a.dateField(t, "hour", 12)
	day := a.dateField(t, "day", -1)
	month := a.dateField(t, "month", -1)
	year := a.dateField(t, "year", -1)
	result := time.Date(year, time.Month(month), day, hour, minute, sec, 0, time.Local)
	if dst, ok := a.L.GetField(t, "isdst").(lua.LBool); ok {
		result = inDST(result, bool(dst))
	}
	return a.pushNumber(float64(result.Unix()))
}

// dateField returns an entry of the table. It is mandatory if the default is
// negative. The range is that of a C int.
func (a args) dateField(t *lua.LTable, name string, absent int) int {
	x, ok := toNumber(a.L.GetField(t, name))
	if ok {
		return int(int32(truncate(x)))
	}
	if absent < 0 {
		a.fail("field '%s' missing in date table", name)
	}
	return absent
}

// inDST reads the clock's time as daylight saving time, or as standard time. This
// moves it by the difference to the nearest half of the year that has it.
func inDST(t time.Time, dst bool) time.Time {
	if t.IsDST() == dst {
		return t
	}
	_, offset := t.Zone()
	for months := 1; months <= 6; months++ {
		for _, other := range []time.Time{t.AddDate(0, -months, 0), t.AddDate(0, months, 0)} {
			if other.IsDST() == dst {
				_, otherOffset := other.Zone()
				return t.Add(time.Duration(offset-otherOffset) * time.Second)
			}
		}
	}
	// If there is no daylight saving time, the C library assumes an hour.
	if dst {
		return t.Add(-time.Hour)
	}
	return t.Add(time.Hour)
}

// Strftime formats a time as C does in the C locale. Everything that is not a
// conversion stays.
func Strftime(t time.Time, format string) string {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		if text, ok := conversion(t, format[i]); ok {
			out.WriteString(text)
		} else {
			out.WriteString(format[i-1 : i+1])
		}
	}
	return out.String()
}

// layouts are the conversions that Go's time package knows, or that consist of
// others.
var layouts = map[byte]string{
	'a': "Mon",
	'A': "Monday",
	'b': "Jan",
	'B': "January",
	'c': "Mon Jan _2 15:04:05 2006",
	'd': "02",
	'D': "01/02/06",
	'e': "_2",
	'F': "2006-01-02",
	'h': "Jan",
	'H': "15",
	'I': "03",
	'j': "002",
	'm': "01",
	'M': "04",
	'p': "PM",
	'P': "pm",
	'r': "03:04:05 PM",
	'R': "15:04",
	'S': "05",
	'T': "15:04:05",
	'x': "01/02/06",
	'X': "15:04:05",
	'y': "06",
	'Y': "2006",
	'z': "-0700",
	'Z': "MST",
}

func conversion(t time.Time, c byte) (string, bool) {
	if layout, ok := layouts[c]; ok {
		return t.Format(layout), true
	}
	isoYear, isoWeek := t.ISOWeek()
	weekday, yearDay := int(t.Weekday()), t.YearDay()-1
	switch c {
	case '%':
		return "%", true
	case 'C':
		return fmt.Sprintf("%02d", int(math.Floor(float64(t.Year())/100))), true
	case 'g':
		return fmt.Sprintf("%02d", isoYear%100), true
	case 'G':
		return strconv.Itoa(isoYear), true
	case 'k':
		return fmt.Sprintf("%2d", t.Hour()), true
	case 'l':
		return fmt.Sprintf("%2d", (t.Hour()+11)%12+1), true
	case 'n':
		return "\n", true
	case 's':
		return strconv.FormatInt(t.Unix(), 10), true
	case 't':
		return "\t", true
	case 'u':
		return strconv.Itoa((weekday+6)%7 + 1), true
	case 'U':
		return fmt.Sprintf("%02d", (yearDay+7-weekday)/7), true
	case 'V':
		return fmt.Sprintf("%02d", isoWeek), true
	case 'w':
		return strconv.Itoa(weekday), true
	case 'W':
		return fmt.Sprintf("%02d", (yearDay+7-(weekday+6)%7)/7), true
	}
	return "", false
}

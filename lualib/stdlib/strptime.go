package stdlib

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What the conversions of [Strptime] match. Conversions of Strftime that are not
// here say too little, or nothing definite.
var readable = map[byte]string{
	'a': `[A-Za-z]{3}`,
	'A': `[A-Za-z]{6,9}`,
	'b': `[A-Za-z]{3}`,
	'B': `[A-Za-z]{3,9}`,
	'd': `\d\d`,
	'e': `[ \d]?\d`,
	'h': `[A-Za-z]{3}`,
	'H': `\d\d`,
	'I': `\d\d`,
	'j': `\d{3}`,
	'm': `\d\d`,
	'M': `\d\d`,
	'p': `[AP]M`,
	'P': `[ap]m`,
	'S': `\d\d(?:\.\d{1,9})?`,
	'y': `\d\d`,
	'Y': `\d{4}`,
	'z': `[-+]\d{4}`,
}

// composites are conversions that stand for several.
var composites = strings.NewReplacer("%%", "%%", "%c", "%a %b %e %H:%M:%S %Y", "%D", "%m/%d/%y", "%F", "%Y-%m-%d",
	"%r", "%I:%M:%S %p", "%R", "%H:%M", "%T", "%H:%M:%S", "%x", "%m/%d/%y", "%X", "%H:%M:%S")

// Strptime reads a time in a format of Strftime; %S also accepts a fraction. A time
// without %z is in the zone. The conversion %s must be the only one.
//
// A regular expression splits the text, so that Go's time package, to which digits
// have a meaning everywhere, does not see the text between the conversions.
func Strptime(text, format string, zone *time.Location) (time.Time, error) {
	if format == "%s" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("wanted a number of seconds, got %q", text)
		}
		return time.Unix(seconds, 0), nil
	}
	pattern, parts, err := reading(composites.Replace(format))
	if err != nil {
		return time.Time{}, err
	}
	found := pattern.FindStringSubmatch(text)
	if found == nil {
		return time.Time{}, fmt.Errorf("wanted a time in the format %q, got %q", format, text)
	}
	const separator = "\n"
	t, err := time.ParseInLocation(strings.Join(parts, separator), strings.Join(found[1:], separator), zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("wanted a date and time that exist, in the format %q, got %q", format, text)
	}
	return t, nil
}

// reading returns the expression that finds the conversions of a format, and their
// layouts.
func reading(format string) (pattern *regexp.Regexp, parts []string, err error) {
	var b strings.Builder
	b.WriteString("^")
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteString(regexp.QuoteMeta(format[i : i+1]))
			continue
		}
		i++
		switch c := format[i]; {
		case c == '%':
			b.WriteString("%")
		case c == 'n' || c == 't':
			b.WriteString(`\s+`)
		case readable[c] != "":
			b.WriteString("(" + readable[c] + ")")
			parts = append(parts, layouts[c])
		default:
			return nil, nil, fmt.Errorf("cannot read a time with the conversion %%%c", c)
		}
	}
	b.WriteString("$")
	if len(parts) == 0 {
		return nil, nil, fmt.Errorf("wanted conversions such as %%Y in the format, got %q", format)
	}
	pattern, err = regexp.Compile(b.String())
	return pattern, parts, err
}

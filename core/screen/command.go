package screen

import (
	"bytes"
	"strconv"
	"strings"
)

// largestParam replaces larger parameters: the emulator would count up to any number.
const largestParam = 9999

// command is a parsed sequence that begins with ESC [.
type command struct {
	kind   string // the sequence without its parameters: "J", "?h", "$p"
	params []int  // -1 if it is missing
}

// parseCommand returns false for a sequence that no terminal obeys.
func parseCommand(seq []byte) (c command, ok bool) {
	body := seq[2:]
	prefix := prefixLength(body, func(b byte) bool { return b >= '<' && b <= '?' })
	given := prefixLength(body[prefix:], func(b byte) bool { return b >= '0' && b <= ';' })
	params, rest := body[prefix:prefix+given], body[prefix+given:]
	between := prefixLength(rest, func(b byte) bool { return b >= ' ' && b <= '/' })
	if prefix > 1 || between != len(rest)-1 {
		return c, false
	}
	c.kind = string(body[:prefix]) + string(rest)
	if given > 0 && c.kind != "m" {
		for field := range bytes.SplitSeq(params, []byte(";")) {
			c.params = append(c.params, parseParam(string(field)))
		}
	}
	return c, true
}

func prefixLength(text []byte, in func(b byte) bool) int {
	for i, b := range text {
		if !in(b) {
			return i
		}
	}
	return len(text)
}

// parseParam reads a parameter without the parts after colons, which only colours have.
func parseParam(field string) int {
	field, _, _ = strings.Cut(field, ":")
	if field == "" {
		return -1
	}
	n, err := strconv.Atoi(field)
	if err != nil || n > largestParam {
		return largestParam
	}
	return n
}

// param is a parameter, or missing if it is not given.
func (c command) param(i, missing int) int {
	if i >= len(c.params) || c.params[i] < 0 {
		return missing
	}
	return c.params[i]
}

// String is the sequence, with parameters in range.
func (c command) String() string {
	prefix, rest := "", c.kind
	if c.kind[0] >= '<' && c.kind[0] <= '?' {
		prefix, rest = c.kind[:1], c.kind[1:]
	}
	fields := make([]string, len(c.params))
	for i, n := range c.params {
		if n >= 0 {
			fields[i] = strconv.Itoa(n)
		}
	}
	return "\x1b[" + prefix + strings.Join(fields, ";") + rest
}

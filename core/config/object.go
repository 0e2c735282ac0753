package config

// A JSON object of a configuration file whose values are asked for by type.

import (
	"encoding/json"
	"fmt"
	"strconv"
)

type object struct {
	file    string
	prefix  string // the keys that lead to the object, such as "remote."
	members map[string]json.RawMessage
}

func parseObject(file string, text []byte) (object, error) {
	o := object{file: file}
	if err := checkSyntax(file, text); err != nil {
		return o, err
	}
	if got := kind(text); got != "an object" {
		return o, fmt.Errorf("%s: wanted an object, got %s", file, got)
	}
	if err := json.Unmarshal(text, &o.members); err != nil {
		return o, fmt.Errorf("%s: %w", file, err)
	}
	return o, nil
}

// errorf begins an error with the file and the key.
func (o object) errorf(key, format string, args ...any) error {
	return fmt.Errorf("%s: %s%s: %w", o.file, o.prefix, key, fmt.Errorf(format, args...))
}

// wrongType is the error for a value of another type than wanted.
func (o object) wrongType(key, wanted string) error {
	return o.errorf(key, "wanted %s, got %s", wanted, kind(o.members[key]))
}

// text reads a string. A key that is absent leaves into as it is.
func (o object) text(key string, into *string) error {
	value, ok := o.members[key]
	if !ok {
		return nil
	}
	if kind(value) != "a string" {
		return o.wrongType(key, "a string")
	}
	return json.Unmarshal(value, into)
}

// whole reads a whole number from low to high. A key that is absent leaves
// into as it is.
func (o object) whole(key string, low, high int, into *int) error {
	value, ok := o.members[key]
	if !ok {
		return nil
	}
	wanted := fmt.Sprintf("a whole number from %d to %d", low, high)
	if kind(value) != "a number" {
		return o.wrongType(key, wanted)
	}
	number, err := strconv.Atoi(string(value))
	if err != nil || number < low || number > high {
		return o.errorf(key, "wanted %s, got %s", wanted, value)
	}
	*into = number
	return nil
}

// port reads a TCP port number.
func (o object) port(key string, into *int) error { return o.whole(key, 1, 65535, into) }

// object reads a nested object. One that is absent is empty.
func (o object) object(key string) (object, error) {
	inner := object{file: o.file, prefix: o.prefix + key + "."}
	value, ok := o.members[key]
	if !ok {
		return inner, nil
	}
	if kind(value) != "an object" {
		return inner, o.wrongType(key, "an object")
	}
	return inner, json.Unmarshal(value, &inner.members)
}

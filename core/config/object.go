package config

// A JSON object of a configuration file, whose values are read by type.

import (
	"encoding/json"
	"fmt"
	"strconv"
)

type object struct {
	file    string
	prefix  string // the keys that lead to the object, for example "remote."
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

// errorf returns an error that begins with the file and the key.
func (o object) errorf(key, format string, args ...any) error {
	return fmt.Errorf("%s: %s%s: %w", o.file, o.prefix, key, fmt.Errorf(format, args...))
}

// wrongType is the error for a value of the wrong type.
func (o object) wrongType(key, wanted string) error {
	return o.errorf(key, "wanted %s, got %s", wanted, kind(o.members[key]))
}

// text reads a string. If the key is missing, into is not changed.
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

// key reads an authentication key. If it is missing or null, into is not changed. An
// empty key is refused: it would mean no key, which is probably a mistake.
func (o object) key(name string, into *string) error {
	if kind(o.members[name]) == "null" {
		return nil
	}
	if err := o.text(name, into); err != nil {
		return err
	}
	if _, ok := o.members[name]; ok && *into == "" {
		return o.errorf(name, "wanted a key, got an empty string: remove it if there is no key")
	}
	return nil
}

// whole reads a whole number from low to high. If the key is missing, into is not
// changed.
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

// object reads a nested object. If the key is missing, it is empty.
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

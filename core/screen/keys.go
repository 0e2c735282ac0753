package screen

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// This file has the names of keys as people write them, and the bytes that xterm sends
// for them.

// plainKeys send the same bytes in all modes.
var plainKeys = map[string]string{
	"enter": "\r", "return": "\r", "tab": "\t", "escape": "\x1b", "esc": "\x1b",
	"space": " ", "backspace": "\x7f",
}

// cursorKeys send a letter after ESC [, or after ESC O in application mode.
var cursorKeys = map[string]byte{
	"up": 'A', "down": 'B', "right": 'C', "left": 'D', "home": 'H', "end": 'F',
}

// functionLetters are like cursorKeys, but always with ESC O.
var functionLetters = map[string]byte{"f1": 'P', "f2": 'Q', "f3": 'R', "f4": 'S'}

// numberedKeys send ESC [ number ~.
var numberedKeys = map[string]int{
	"insert": 2, "ins": 2, "delete": 3, "del": 3, "pageup": 5, "pgup": 5, "pagedown": 6, "pgdn": 6,
	"f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23, "f12": 24,
}

// modifierBits are the bits of xterm's modifier parameter.
var modifierBits = map[string]int{"shift": 1, "alt": 2, "meta": 2, "ctrl": 4, "control": 4}

// KeyBytes returns what a key sends: "Down", "F5", "PageUp", "Enter", "a", with
// "Shift-", "Alt-" or "Ctrl-" in front; "+" may replace "-". Case matters only for
// characters. Application is the mode of the cursor keys.
func KeyBytes(name string, application bool) ([]byte, error) {
	modifiers, key := splitKey(name)
	lower := strings.ToLower(key)
	switch {
	case key == "":
		return nil, fmt.Errorf("wanted the name of a key, got %q", name)
	case utf8.RuneCountInString(key) == 1:
		return characterKey(name, modifiers, key)
	case plainKeys[lower] != "":
		return plainKey(name, modifiers, lower)
	case cursorKeys[lower] != 0:
		return letterKey(modifiers, cursorKeys[lower], application), nil
	case functionLetters[lower] != 0:
		return letterKey(modifiers, functionLetters[lower], true), nil
	case numberedKeys[lower] != 0 && modifiers != 0:
		return fmt.Appendf(nil, "\x1b[%d;%d~", numberedKeys[lower], modifiers+1), nil
	case numberedKeys[lower] != 0:
		return fmt.Appendf(nil, "\x1b[%d~", numberedKeys[lower]), nil
	}
	return nil, fmt.Errorf("there is no key %q: wanted a character, Up, Down, Left, Right, Home, End, PageUp, PageDown, "+
		"Insert, Delete, Enter, Tab, Escape, Space, Backspace, or F1 to F12, if needed with Ctrl-, Alt- or Shift- in front", name)
}

// splitKey removes the modifiers. What remains of "Ctrl--" is "-".
func splitKey(name string) (modifiers int, key string) {
	for {
		at := strings.IndexAny(name, "-+")
		if at <= 0 || at == len(name)-1 {
			return modifiers, name
		}
		bit, ok := modifierBits[strings.ToLower(name[:at])]
		if !ok {
			return modifiers, name
		}
		modifiers, name = modifiers|bit, name[at+1:]
	}
}

func letterKey(modifiers int, letter byte, application bool) []byte {
	switch {
	case modifiers != 0:
		return fmt.Appendf(nil, "\x1b[1;%d%c", modifiers+1, letter)
	case application:
		return []byte{esc, 'O', letter}
	}
	return []byte{esc, '[', letter}
}

func plainKey(name string, modifiers int, key string) ([]byte, error) {
	bytes := []byte(plainKeys[key])
	switch {
	case key == "tab" && modifiers == modifierBits["shift"]:
		return []byte("\x1b[Z"), nil
	case key == "space" && modifiers&modifierBits["ctrl"] != 0:
		bytes = []byte{0}
	case key == "backspace" && modifiers&modifierBits["ctrl"] != 0:
		bytes = []byte{'\b'}
	case modifiers&modifierBits["ctrl"] != 0:
		return nil, fmt.Errorf("a terminal cannot send the key %q", name)
	}
	return withAlt(modifiers, bytes), nil
}

func characterKey(name string, modifiers int, key string) ([]byte, error) {
	if modifiers&modifierBits["shift"] != 0 {
		key = strings.ToUpper(key)
	}
	bytes := []byte(key)
	if modifiers&modifierBits["ctrl"] != 0 {
		b, ok := controlOf(key[0])
		if len(key) > 1 || !ok {
			return nil, fmt.Errorf("a terminal cannot send the key %q", name)
		}
		bytes = []byte{b}
	}
	return withAlt(modifiers, bytes), nil
}

// controlOf is the character that Ctrl and b send.
func controlOf(b byte) (byte, bool) {
	switch {
	case b >= 'a' && b <= 'z', b >= '@' && b <= '_':
		return b & 0x1f, true
	case b == '?':
		return del, true
	case b == '/':
		return 0x1f, true
	}
	return 0, false
}

func withAlt(modifiers int, bytes []byte) []byte {
	if modifiers&modifierBits["alt"] != 0 {
		return append([]byte{esc}, bytes...)
	}
	return bytes
}

package editor

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// escapeTime is how long the rest of a key may take after an Escape.
const escapeTime = 50 * time.Millisecond

// restTime is how long the rest of a character may take, or the next part of a paste.
const restTime = 2 * time.Second

// longestKey is the longest sequence that is read as one. No key is that long, but some
// terminals send long descriptions of themselves.
const longestKey = 256

// key is what was typed: the name of a key, "Up", "Ctrl-A", "Alt-b", or text, which was
// typed or pasted.
type key struct {
	name   string
	text   string
	pasted bool
	column int // of "Position", the terminal's answer to a query for its cursor; from 1
}

// sequences are what keys send after ESC. Terminals differ.
var sequences = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"[A": "Up", "[B": "Down", "[C": "Right", "[D": "Left", "[H": "Home", "[F": "End",
		"OA": "Up", "OB": "Down", "OC": "Right", "OD": "Left", "OH": "Home", "OF": "End",
		"[1~": "Home", "[4~": "End", "[7~": "Home", "[8~": "End",
		"[3~": "Delete", "[5~": "PageUp", "[6~": "PageDown", "[Z": "Shift-Tab", "OM": "Enter", "OP": "F1", "[11~": "F1",
		"[1;5C": "Alt-f", "[1;5D": "Alt-b", "[1;3C": "Alt-f", "[1;3D": "Alt-b", "[5C": "Alt-f", "[5D": "Alt-b",
		"[1;5H": "Alt-<", "[1;5F": "Alt->", "[3;5~": "Alt-d", "[3;3~": "Alt-d",
	}
})

// pasteEnd ends a bracketed paste.
var pasteEnd = []byte("\x1b[201~")

// readKey waits for a key. If there is none within timeout, it returns an empty key
// without an error; a negative timeout means no limit.
func (k *keyboard) readKey(timeout time.Duration) (key, error) {
	b, ok, err := k.byte(timeout)
	switch {
	case err != nil || !ok:
		return key{}, err
	case b == 0x1b:
		return k.escape()
	case b == '\n' || b == '\r':
		return key{name: "Enter"}, nil
	case b == '\t':
		return key{name: "Tab"}, nil
	case b == 0x7f || b == '\b':
		return key{name: "Backspace"}, nil
	case b < ' ':
		return key{name: "Ctrl-" + string(rune(b|'@'))}, nil
	}
	text, err := k.character(b)
	return key{text: text}, err
}

func (k *keyboard) byte(timeout time.Duration) (b byte, ok bool, err error) {
	var buf [1]byte
	n, err := k.read(buf[:], timeout)
	return buf[0], n == 1, err
}

// more reads the next byte of a key, if it arrives within a time.
func (k *keyboard) more(timeout time.Duration) (b byte, ok bool, err error) {
	var buf [1]byte
	n, err := k.rest(buf[:], timeout)
	return buf[0], n == 1, err
}

// rest reads within a key. An interrupt takes effect after the key.
func (k *keyboard) rest(buf []byte, timeout time.Duration) (n int, err error) {
	woken := false
	for {
		n, err = k.read(buf, timeout)
		if !errors.Is(err, errWoken) {
			break
		}
		woken = true
	}
	if woken {
		k.interrupt()
	}
	return n, err
}

// character reads the rest of a UTF-8 character. Invalid bytes become U+FFFD.
func (k *keyboard) character(b byte) (string, error) {
	text := []byte{b}
	for !utf8.FullRune(text) {
		b, ok, err := k.more(restTime)
		if err != nil {
			return "", err
		}
		if !ok {
			break
		}
		text = append(text, b)
	}
	return strings.ToValidUTF8(string(text), string(utf8.RuneError)), nil
}

// escape reads what follows ESC. Sequences that are not keys of the editor, such as the
// answer to a query of another program, are ignored.
func (k *keyboard) escape() (key, error) {
	b, ok, err := k.more(escapeTime)
	for b == 0x1b && ok && err == nil { // Alt together with a key that sends a sequence
		b, ok, err = k.more(escapeTime)
	}
	switch {
	case err != nil:
		return key{}, err
	case !ok:
		return key{name: "Escape"}, nil
	case b == '\n' || b == '\r':
		return key{name: "Alt-Enter"}, nil
	case b == 0x7f || b == '\b':
		return key{name: "Alt-Backspace"}, nil
	case b != '[' && b != 'O':
		character, err := k.character(b)
		return key{name: "Alt-" + character}, err
	}
	sequence := []byte{b}
	for len(sequence) < longestKey {
		if b, ok, err = k.more(escapeTime); err != nil || !ok {
			return key{name: "unknown"}, err
		}
		sequence = append(sequence, b)
		if b >= '@' && b <= '~' {
			break
		}
	}
	if string(sequence) == "[200~" {
		return k.paste()
	}
	var row, column int
	if n, _ := fmt.Sscanf(string(sequence), "[%d;%dR", &row, &column); n == 2 && b == 'R' {
		return key{name: "Position", column: column}, nil
	}
	if name, known := sequences()[string(sequence)]; known {
		return key{name: name}, nil
	}
	return key{name: "unknown"}, nil
}

// paste reads what was pasted, but not beyond its end. A paste that stops in the middle
// ends after a while.
func (k *keyboard) paste() (key, error) {
	var text []byte
	buf := make([]byte, len(pasteEnd))
	for !bytes.HasSuffix(text, pasteEnd) {
		n, err := k.rest(buf[:len(pasteEnd)-begun(text)], restTime)
		if err != nil {
			return key{}, err
		}
		if n == 0 {
			break
		}
		text = append(text, buf[:n]...)
	}
	return key{text: clean(string(bytes.TrimSuffix(text, pasteEnd))), pasted: true}, nil
}

// clean makes a text editable: lines of valid UTF-8.
func clean(text string) string {
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return strings.ToValidUTF8(lines, string(utf8.RuneError))
}

// begun is how much of the end marker of a paste has arrived.
func begun(text []byte) int {
	for n := len(pasteEnd) - 1; n > 0; n-- {
		if bytes.HasSuffix(text, pasteEnd[:n]) {
			return n
		}
	}
	return 0
}

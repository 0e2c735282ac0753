package config

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"testing"
	"unicode/utf8"
)

// FuzzLoad loads a random file: what is accepted is also an object for encoding/json,
// and an error names a position that exists in the file.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		`{"root": 1}`, "", "{\n  \"root\": 1,\n}", `{"a": 1, "a": 2}`, `{"a": {"b": 1, "b": 1}}`, "{} x", "[1]", "null",
		"{\"\xff\": 1}", "\ufeff{}", `{"\ud800": 1}`, `{"größe": x}`, `{"a": 1e999, "b": [[[[]]]]}`,
	} {
		f.Add([]byte(seed))
	}
	home := f.TempDir()
	if err := os.MkdirAll(Dir(home), 0o700); err != nil {
		f.Fatal(err)
	}
	place := regexp.MustCompile(`relay\.json:(\d+):(\d+): `)
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(Path(home, "relay"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Load(home, "relay")
		if err == nil {
			var object map[string]json.RawMessage
			if json.Unmarshal(text, &object) != nil || object == nil || !bytes.Equal(got, text) {
				t.Errorf("%q was accepted as %q", text, got)
			}
			return
		}
		at := place.FindStringSubmatch(err.Error())
		if at == nil {
			if !json.Valid(text) {
				t.Errorf("%q: got no place in %v", text, err)
			}
			return
		}
		line, _ := strconv.Atoi(at[1])
		column, _ := strconv.Atoi(at[2])
		lines := bytes.Split(text, []byte("\n"))
		if line < 1 || line > len(lines) || column < 1 || column > utf8.RuneCount(lines[line-1])+1 {
			t.Errorf("%q: got the place %d:%d in %v", text, line, column, err)
		}
	})
}

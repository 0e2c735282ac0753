package rpcjson

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

func TestWordsThatJSONHasNot(t *testing.T) {
	for _, text := range []string{
		"NaN", "Infinity", "-Infinity", " NaN ", "[NaN,Infinity,-Infinity]", "[ NaN , -Infinity\n]",
		`{"a":NaN,"b": Infinity}`, `["NaN", "say \"NaN", "\\", NaN]`, `"NaN"`, "[1, -1, 1e3, null]",
	} {
		if !Valid([]byte(text)) {
			t.Errorf("%s is refused", text)
		}
	}
	for _, text := range []string{
		"", "nan", "NAN", "inf", "Inf", "infinity", "+Infinity", "--Infinity", "-NaN", "- Infinity", "NaNN", "NaN1", "1NaN",
		"Infinity1", "-Infinity.0", "NaN NaN", "[NaN Infinity]", "{NaN:1}", `{"a":NaN:1}`, "NaN.", "Na", "[NaN", "NaN]", `["NaN`,
		`["\`, "[-Infini]",
	} {
		if Valid([]byte(text)) {
			t.Errorf("%s is taken", text)
		}
	}
}

// The values of a message are returned unchanged, however it is read.
func TestObject(t *testing.T) {
	text := []byte(`{"a": [NaN, {"b": -Infinity}], "s": "NaN", "o": {"x": Infinity}, "\u0061": NaN}`)
	before := slices.Clone(text)
	var got []string
	object, err := Object(text, func(s *Scanner, name []byte) error {
		var value json.RawMessage
		var err error
		if s.IsObject() {
			value, err = s.Members(func(s *Scanner, name []byte) error {
				inner, err := s.Value()
				got = append(got, string(name)+"="+string(inner))
				return err
			})
		} else {
			value, err = s.Value()
		}
		got = append(got, string(name)+"="+string(value))
		return err
	})
	want := []string{`"a"=[NaN, {"b": -Infinity}]`, `"s"="NaN"`, `"x"=Infinity`, `"o"={"x": Infinity}`, `"a"=NaN`}
	if !object || err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, %v, want %q", got, object, err, want)
	}
	if !bytes.Equal(text, before) {
		t.Errorf("the text has become %s", text)
	}
}

func TestIndent(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `[ ]`, `[{}, [], [[]]]`, `{"a": 1, "b": [true, null, "x, [y] \" {z}"], "c": {"d": -1.5e3}}`, `"text"`, ` 12 `,
	} {
		var want bytes.Buffer
		if err := json.Indent(&want, bytes.TrimSpace([]byte(text)), "", "  "); err != nil {
			t.Fatal(err)
		}
		if got := Indent([]byte(text)); string(got) != want.String() {
			t.Errorf("got %s, want %s", got, want.String())
		}
	}
	if got := Indent([]byte(`[NaN,-Infinity]`)); string(got) != "[\n  NaN,\n  -Infinity\n]" {
		t.Errorf("got %s", got)
	}
}

// FuzzValid compares with encoding/json: both agree about a text without the words, and
// offsets do not change.
func FuzzValid(f *testing.F) {
	for _, seed := range []string{`[NaN]`, `{"a":-Infinity}`, `"\`, `[1NaN]`, `-`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		other := standard(text)
		if len(other) != len(text) {
			t.Fatalf("%q has become %q", text, other)
		}
		if json.Valid(text) && !bytes.Equal(other, text) {
			t.Fatalf("%q, which is JSON, has become %q", text, other)
		}
		if Valid(text) {
			Indent(text)
			Object(text, func(s *Scanner, _ []byte) error { _, err := s.Value(); return err })
		}
	})
}

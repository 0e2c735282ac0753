package profile

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func parse(t *testing.T, text string) Profile {
	t.Helper()
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestKey(t *testing.T) {
	for _, same := range [][]string{
		{`{}`, ` { } `},
		{`{"a":1}`, `{"a":1.0}`, `{"a":1e0}`, `{"a":10e-1}`, `{"\u0061":1}`},
		{`{"a":0}`, `{"a":-0}`, `{"a":-0.0}`},
		{`{"a":9007199254740993}`},
		{`{"a":9007199254740992}`, `{"a":9007199254740992.0}`},
		{`{"a":18446744073709551617}`},
		{`{"a":0.1}`, `{"a":1e-1}`},
		{`{"a":"1"}`},
		{`{"a":null}`},
		{`{"a":true}`},
		{`{"a":[]}`},
		{`{"a":{}}`},
		{`{"a":[1,2]}`, `{"a":[1.0, 2]}`},
		{`{"a":[2,1]}`},
		{`{"a":1,"b":{"c":2,"d":[3]}}`, `{"b":{"d":[3.0],"c":2},"a":1}`},
		{`{"a":"<é>"}`, `{"a":"\u003c\u00e9\u003e"}`},
		{`{"\"\\":1}`, `{"\u0022\u005c":1}`},
	} {
		for _, text := range same {
			if got := parse(t, text).Key(); got != same[0] {
				t.Errorf("wanted the key %s of %s, got %s", same[0], text, got)
			}
		}
	}
}

func TestNew(t *testing.T) {
	big := json.Number("9007199254740993")
	p, err := New(map[string]any{"type": "relay", "n": 1.0, "big": big, "list": []any{nil, "<"}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"big":9007199254740993,"list":[null,"<"],"n":1,"type":"relay"}`
	if p.Key() != want {
		t.Errorf("wanted %s, got %s", want, p)
	}

	none, err := New(nil)
	if err != nil || none.Len() != 0 || none.Key() != "{}" {
		t.Errorf("wanted a profile without properties, got %v, %v", none, err)
	}
	if _, err := New(map[string]any{"n": math.NaN()}); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("wanted an error that names NaN, got %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                  "wanted an object as profile, got []",
		`null`:                "wanted an object as profile, got null",
		`{"a":1,"a":1}`:       `duplicate object member name "a"`,
		`{"a":{"b":1,"b":1}}`: `duplicate object member name "b"`,
		`{"a":1} 2`:           "profile: ",
		`{"a"`:                "unexpected EOF",
		"{\"a\":\"\xff\"}":    "invalid UTF-8",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: wanted %q, got %v", text, want, err)
		}
	}
}

func TestMatch(t *testing.T) {
	own := parse(t, `{"type":"handset","n":1,"none":null,"deep":{"a":[1,{"b":2}],"c":3}}`)
	for text, want := range map[string]bool{
		`{}`:                                 true,
		`{"type":"handset"}`:                 true,
		`{"type":"relay"}`:                   false,
		`{"type":"handset","serial":"1"}`:    false,
		`{"n":1.0}`:                          true,
		`{"n":"1"}`:                          false,
		`{"n":true}`:                         false,
		`{"none":null}`:                      true,
		`{"other":null}`:                     false,
		`{"deep":{"c":3,"a":[1,{"b":2.0}]}}`: true,
		`{"deep":{"c":3}}`:                   false,
	} {
		if got := own.Match(parse(t, text)); got != want {
			t.Errorf("wanted %v of matching %s, got %v", want, text, got)
		}
	}
	if !own.Match(own) || !own.Match(Profile{}) || (Profile{}).Match(own) {
		t.Error("wanted every profile to match itself and the empty one, which matches no other")
	}
}

func TestMinimize(t *testing.T) {
	own := parse(t, `{"type":"handset","serial":"1","color":"red","size":5}`)
	asked := parse(t, `{"color":"blue","owner":"me"}`)
	for _, test := range []struct {
		mandatory []string
		profile   Profile
		want      string
	}{
		{nil, Profile{}, `{}`},
		{[]string{"type", "serial"}, Profile{}, `{"serial":"1","type":"handset"}`},
		{[]string{"type"}, asked, `{"color":"red","type":"handset"}`},
		{[]string{"type", "uid"}, Profile{}, `{"type":"handset"}`},
	} {
		if got := own.Minimize(test.mandatory, test.profile); got.Key() != test.want {
			t.Errorf("wanted %s, got %s", test.want, got)
		}
	}
	if own.Len() != 4 {
		t.Errorf("wanted the profile unchanged, got %s", own)
	}
}

// Nobody can change a profile through a part of it, and a profile does not change the
// values from which it was made.
func TestImmutable(t *testing.T) {
	text := []byte(`{ "a": "x", "\u0061b": 1.0 }`)
	before := string(text)
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != before {
		t.Errorf("wanted the text unchanged, got %s", text)
	}
	value, ok := p.Get("a")
	if !ok || string(value) != `"x"` {
		t.Fatalf(`wanted "x", got %s`, value)
	}
	value[1], text[8] = 'y', 'z'
	if p.Key() != `{"a":"x","ab":1}` {
		t.Errorf("wanted the profile unchanged, got %s", p)
	}
	if _, ok := p.Get("b"); ok {
		t.Error("wanted no b, got one")
	}
}

func TestJSON(t *testing.T) {
	var stack []Profile
	if err := json.Unmarshal([]byte(`[{"b":1,"a":{"d":2,"c":3}},{}]`), &stack); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(stack)
	if want := `[{"a":{"c":3,"d":2},"b":1},{}]`; err != nil || string(text) != want {
		t.Errorf("wanted %s, got %s, %v", want, text, err)
	}
	if err := json.Unmarshal([]byte(`[[]]`), &stack); err == nil {
		t.Error("wanted an error for a list as profile, got none")
	}
}

// The key is JSON that results in the same profile again, and a profile matches
// whatever it can be minimized to.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.MapOf(rapid.String(), rapid.OneOf(
			rapid.Float64Range(-1e300, 1e300).AsAny(),
			rapid.Int64().AsAny(),
			rapid.String().AsAny(),
			rapid.SliceOf(rapid.MapOf(rapid.String(), rapid.Bool())).AsAny(),
		)).Draw(t, "values")
		p, err := New(values)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse([]byte(p.Key()))
		if err != nil || again.Key() != p.Key() || !again.Match(p) || !p.Match(again) {
			t.Fatalf("wanted %s, got %s, %v", p, again, err)
		}
		keys := rapid.SliceOf(rapid.SampledFrom(append(keysOf(values), "other"))).Draw(t, "keys")
		if less := p.Minimize(keys, Profile{}); !p.Match(less) {
			t.Fatalf("wanted %s to match %s", p, less)
		}
	})
}

func keysOf(values map[string]any) []string {
	var keys []string
	for key := range values {
		keys = append(keys, key)
	}
	return keys
}

package codec_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/codec"
)

func TestDecodeErrors(t *testing.T) {
	_, c := state(t)
	for _, test := range []struct{ text, want string }{
		{``, `line 1, column 1: wanted a value, got the end of the text`},
		{"{\"a\": 1,\n \"\u00e5\": }", `line 2, column 7: wanted a value, got '}'`},
		{"\ufeff1", `line 1, column 1: wanted a value, got '\ufeff'`},
		{`[1] x`, `line 1, column 5: wanted the end of the text, got 'x'`},
		{`[1,]`, `line 1, column 4: wanted a value, got ']'`},
		{`[1 2]`, `line 1, column 4: wanted ',' or ']', got '2'`},
		{`{1: 2}`, `line 1, column 2: wanted a string as the key, got '1'`},
		{`{"a" 2}`, `line 1, column 6: wanted ':', got '2'`},
		{`{"a": 2`, `line 1, column 8: wanted ',' or '}', got the end of the text`},
		{`nul`, `line 1, column 1: wanted a value, got 'n'`},
		{`NaN`, `line 1, column 1: wanted a value, got 'N'`},
		{`-`, `line 1, column 2: wanted a digit, got the end of the text`},
		{`01`, `line 1, column 2: wanted the end of the text, got '1'`},
		{`1.e1`, `line 1, column 3: wanted a digit, got 'e'`},
		{`"a`, `line 1, column 3: wanted the end of the string, got the end of the text`},
		{"\"a\n\"", `line 1, column 3: wanted the end of the string, got '\n'`},
		{`"\x"`, `line 1, column 3: wanted an escape sequence, got 'x'`},
		{`"\u12g4"`, `line 1, column 6: wanted a hexadecimal digit, got 'g'`},
		{strings.Repeat("[", 1001), `line 1, column 1001: wanted at most 1000 levels of nesting, got '['`},
		{strings.Repeat(`{"":`, 1001), `line 1, column 4001: wanted at most 1000 levels of nesting, got '{'`},
	} {
		v, err := c.Decode([]byte(test.text))
		var e *codec.SyntaxError
		if v != nil || !errors.As(err, &e) || err.Error() != test.want {
			t.Errorf("%.40s:\n got %v, %v\nwant %s", test.text, v, err, test.want)
		}
	}
}

func TestWordsOfPython(t *testing.T) {
	L, strict := state(t)
	c := codec.ForRPC(L)
	for _, text := range []string{"NaN", "Infinity", "-Infinity", "[NaN,-Infinity]", `{"a":Infinity,"b":[]}`, "[1,-2,null]"} {
		v, err := c.Decode([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for name, got := range map[string]func() ([]byte, error){
			"Append":       func() ([]byte, error) { return c.Append(L, nil, v) },
			"AppendSorted": func() ([]byte, error) { return c.AppendSorted(L, nil, v, "") },
		} {
			if again, err := got(); err != nil || string(again) != text {
				t.Errorf("%s: %s: got %s, %v", text, name, again, err)
			}
		}
	}
	for _, text := range []string{"nan", "-NaN", "NaNN", "Inf", "+Infinity", "-Infini", "-Infinity1", "{NaN:1}", "[Infinity -Infinity]"} {
		if v, err := c.Decode([]byte(text)); err == nil {
			t.Errorf("%s: got %v, want an error", text, v)
		}
	}
	for _, text := range []string{"Infinity", "-Infinity", "[NaN]"} {
		if v, err := strict.Decode([]byte(text)); err == nil {
			t.Errorf("%s, where it is not allowed: got %v, want an error", text, v)
		}
	}
	v := eval(t, L, `{b = 0/0, a = {-1/0, "NaN", "\"\\u004eaN\""}}`)
	want := "{\n\t\"a\": [\n\t\t-Infinity,\n\t\t\"NaN\",\n\t\t\"\\\"\\\\u004eaN\\\"\"\n\t],\n\t\"b\": NaN\n}"
	if got, err := c.AppendSorted(L, nil, v, "\t"); err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestDecodeInLua(t *testing.T) {
	L, _ := state(t)
	for _, expression := range []string{
		`decode("null") == nil`,
		`decode("[null]")[1] == null`,
		`decode('{"a": null}').a == null`,
		`decode('{"a": 1, "b": 0, "a": 2}').a == 2`,
		`#decode(" [ ] ") == 0 and #decode("[1,2,3]") == 3`,
		`decode('"\\ud83d\\ude00 \\ud800 \\u0000\\/"') == "\240\159\152\128 \239\191\189 \0/"`,
		`decode('"\255"') == "\239\191\189"`,
		`decode("1e2") == 100 and decode("1.0") == 1 and decode("-12.5E-1") == -1.25`,
		`1 / decode("-0") == -1/0`,
		`decode("9007199254740992") == 2^53 and decode("9007199254740994") == 2^53 + 2`,
		`decode("-9223372036854775808") == -2^63`,
		`type(decode("9223372036854775807")) == "userdata"`,
		`tostring(decode("9007199254740993")) == "9007199254740993"`,
		`"id " .. decode("9007199254740993") .. "!" == "id 9007199254740993!"`,
		`decode("9007199254740993") == decode("9007199254740993")`,
		`decode("9007199254740993") ~= decode("9007199254740995")`,
		`decode("9007199254740993") < decode("9007199254740995")`,
		`decode("-9007199254740993") >= decode("-9007199254740995")`,
		`decode("1e400") == decode("10e399") and decode("1e400") < decode("1e99999999999")`,
		`decode("-1e99999999999") < decode("-1e400")`,
		`not pcall(function() return decode("9007199254740993") < null end)`,
		`getmetatable(decode("[]")).__jsontype == "list"`,
		`getmetatable(decode("{}")).__jsontype == "object"`,
	} {
		if eval(t, L, expression) != lua.LTrue {
			t.Errorf("%s is false", expression)
		}
	}
}

func TestCompareNumbers(t *testing.T) {
	L, _ := state(t)
	ascending := []string{
		"-1e99999999999999999999", "-1.5e400", "-1e400", "-123456789012345678901234567891", "-123456789012345678901234567890", "-9007199254740993",
		"9007199254740993", "9007199254740995", "10000000000000000001", "123456789012345678901234567890", "123456789012345678901234567891",
		"9.99e399", "1e400", "1.0000000000000000000000000000000000000000000001e400", "15e399", "1e99999999999",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			code := fmt.Sprintf(`local a, b = decode(%q), decode(%q) return tostring(a < b) .. tostring(a <= b) .. tostring(a == b)`, a, b)
			if got, want := eval(t, L, code).String(), fmt.Sprint(i < j)+fmt.Sprint(i <= j)+fmt.Sprint(i == j); got != want {
				t.Errorf("%s and %s: got %s, want %s", a, b, got, want)
			}
		}
	}
	for _, equal := range []string{"100E+398", "0.001e403", "1.000e400", "1" + strings.Repeat("0", 400), "0.0000001e+407"} {
		if eval(t, L, fmt.Sprintf("decode('1e400') == decode(%q)", equal)) != lua.LTrue {
			t.Errorf("1e400 and %.50s differ", equal)
		}
	}
}

func TestComparingLongNumbersTakesNoTime(t *testing.T) {
	L, _ := state(t)
	L.SetGlobal("long", lua.LString(strings.Repeat("9", 2_000_000)))
	began := time.Now()
	eval(t, L, `local a, b = decode(long), decode(long .. "e1") return a == b or b < a or a ~= decode(long)`)
	if took := time.Since(began); took > 30*time.Second { // minutes, if each digit is compared with each
		t.Errorf("took %v", took)
	}
}

func TestParseNumber(t *testing.T) {
	_, c := state(t)
	if v, err := c.ParseNumber("12.5"); err != nil || v != lua.LNumber(12.5) {
		t.Errorf("got %v, %v", v, err)
	}
	v, err := c.ParseNumber("9007199254740993")
	if err != nil {
		t.Fatal(err)
	}
	if n := v.(*lua.LUserData).Value.(codec.Number); n != "9007199254740993" || n.Float() != 1<<53 {
		t.Errorf("got %v", n)
	}
	for _, text := range []string{"", "x", "0x10", "1 2", `"1"`, "[1]", "inf"} {
		if v, err := c.ParseNumber(text); err == nil {
			t.Errorf("%q became %v", text, v)
		}
	}
}

func TestConcurrentDecode(t *testing.T) {
	_, c := state(t)
	done := make(chan error)
	for range 4 {
		go func() {
			var err error
			for range 100 {
				if _, e := c.Decode([]byte(message)); e != nil {
					err = e
				}
			}
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Objects with the same fields are made by copying, and short strings share memory: what
// happens to one must not be seen in another.
func TestObjectsWithTheSameFieldsAreApart(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	c := codec.For(L)
	long := strings.Repeat("long ", 30)
	one := `{"a":"x","b":1,"a":"again","c":{"a":"inner","b":2},"":null,"` + long + `":"` + long + `"}`
	list, err := c.Decode([]byte("[" + strings.Repeat(one+",", 99) + one + "]"))
	if err != nil {
		t.Fatal(err)
	}
	changed := list.(*lua.LTable).RawGetInt(50).(*lua.LTable)
	changed.RawSetString("new", lua.LTrue)
	changed.RawSetString("a", lua.LNil)
	changed.RawSet(lua.LNumber(1), lua.LTrue)
	list.(*lua.LTable).ForEach(func(i, object lua.LValue) {
		var keys []string
		for key, _ := object.(*lua.LTable).Next(lua.LNil); key != lua.LNil; key, _ = object.(*lua.LTable).Next(key) {
			keys = append(keys, key.String())
		}
		want := []string{"a", "b", "c", "", long}
		if object == changed {
			want = []string{"1", "b", "c", "", long, "new"}
		}
		if !slices.Equal(keys, want) {
			t.Errorf("%v: the keys are %q", i, keys)
		}
		if object == changed {
			return
		}
		text, err := c.Append(L, nil, object)
		if want := strings.Replace(one, `"a":"x"`, `"a":"again"`, 1); err != nil || string(text) != strings.Replace(want, `,"a":"again","c"`, `,"c"`, 1) {
			t.Errorf("%v: got %s, %v", i, text, err)
		}
	})
}

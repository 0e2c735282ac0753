package codec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/codec"
)

// values are trees as encoding/json makes them.
func values() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any { return value(t, 4) })
}

func value(t *rapid.T, depth int) any {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]any{nil, true, false}).Draw(t, "constant")
	case 1:
		return rapid.String().Draw(t, "string")
	case 2:
		return json.Number(fmt.Sprint(rapid.Int64().Draw(t, "integer")))
	case 3:
		f := rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) }).Draw(t, "float")
		text, _ := json.Marshal(f)
		return json.Number(text)
	case 4:
		list := make([]any, rapid.IntRange(0, 5).Draw(t, "length"))
		for i := range list {
			list[i] = value(t, depth-1)
		}
		return list
	}
	object := map[string]any{}
	for range rapid.IntRange(0, 5).Draw(t, "fields") {
		object[rapid.String().Draw(t, "key")] = value(t, depth-1)
	}
	return object
}

// sameNumber compares integers by their text, which must not change, and
// others by their value, which may be written differently.
var sameNumber = cmp.Comparer(func(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, err := a.Float64()
	y, err2 := b.Float64()
	isInteger := !strings.ContainsAny(string(a), ".eE")
	return err == nil && err2 == nil && x == y && (!isInteger || math.Abs(x) < 1<<53)
})

func TestRoundTripAgainstEncodingJSON(t *testing.T) {
	L, c := state(t)
	rapid.Check(t, func(t *rapid.T) {
		want := values().Draw(t, "value")
		text, err := json.MarshalIndent(want, "", rapid.SampledFrom([]string{"", "\t"}).Draw(t, "indent"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := c.Decode(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got, err := c.Append(L, nil, v)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		decoder := json.NewDecoder(bytes.NewReader(got))
		decoder.UseNumber()
		var back any
		if err := decoder.Decode(&back); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if diff := cmp.Diff(want, back, sameNumber); diff != "" {
			t.Fatalf("%s became %s\n%s", text, got, diff)
		}
	})
}

func TestEveryByteStringIsWritten(t *testing.T) {
	L, c := state(t)
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		got, err := c.Append(L, nil, lua.LString(s))
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(got, &back); err != nil || !utf8.Valid(got) {
			t.Fatalf("%q became %q: %v", s, got, err)
		}
		if want := string([]rune(s)); back != want {
			t.Fatalf("%q came back as %q", s, back)
		}
	})
}

func TestEveryLuaNumberComesBack(t *testing.T) {
	L, c := state(t)
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.OneOf(
			rapid.Float64(),
			rapid.Map(rapid.Uint64(), math.Float64frombits),
			rapid.Map(rapid.Int64(), func(i int64) float64 { return float64(i) }),
		).Filter(func(f float64) bool { return f-f == 0 }).Draw(t, "number")
		text, err := c.Append(L, nil, lua.LNumber(f))
		if err != nil {
			t.Fatal(err)
		}
		if back, err := c.Decode(text); err != nil || back != lua.LNumber(f) {
			t.Fatalf("%v became %s and came back as %v, %v", f, text, back, err)
		}
	})
}

// FuzzDecode checks that what is accepted is what encoding/json accepts, that
// strings are understood alike, and that writing the value again is stable.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		message, `[1, -0.5e+3, 1e400, 01, "\ud800\u0041", "\ud83d\ude00"]`, "{\"\xff\": \"\\uD800\", \"\": {}}",
		`[true,false,null,{"a":[]}]`, ` 12 `, "\ufeff{}", `["a` + "\x00" + `"]`, `{"a":1,"a":null}`, `[,]`, `-`,
	} {
		f.Add([]byte(seed))
	}
	L, c := state(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := c.Decode(data)
		if err != nil {
			if json.Valid(data) && !strings.Contains(err.Error(), "levels of nesting") {
				t.Fatalf("%q was refused: %v", data, err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q was accepted", data)
		}
		if s, ok := v.(lua.LString); ok {
			var want string
			if err := json.Unmarshal(data, &want); err != nil || want != string(s) {
				t.Fatalf("%q became %q, want %q, %v", data, s, want, err)
			}
		}
		first, err := c.Append(L, nil, v)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		again, err := c.Decode(first)
		if err != nil {
			t.Fatalf("%q became %q: %v", data, first, err)
		}
		if second, err := c.Append(L, nil, again); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%q became %q and then %q, %v", data, first, second, err)
		}
	})
}

// FuzzEncode makes a Lua value of any bytes: what is written is valid JSON, and means
// for encoding/json what the value does.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("l3tfn1.5 s2\xff\x00"))
	f.Add([]byte("o2ka1kb" + "l1l1l0s3\"\\\n"))
	f.Add([]byte("n9223372036854775808 "))
	f.Add([]byte("l3n-0 n1e308 n0.1 "))
	L, c := state(f)
	f.Fuzz(func(t *testing.T, program []byte) {
		b := builder{L: L, codec: c, rest: program}
		v, want := b.value(0)
		text, err := c.Append(L, nil, v)
		if err != nil {
			t.Fatalf("%v: %v", want, err)
		}
		var got any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v became %q: %v", want, text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v became %q\n%s", want, text, diff)
		}
		back, err := c.Decode(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if again, err := c.Append(L, nil, back); err != nil || !sameJSON(again, text) {
			t.Fatalf("%q became %q, %v", text, again, err)
		}
	})
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && cmp.Equal(x, y)
}

// builder makes a Lua value, and the same as encoding/json has it, of a program: t,
// f and z are constants; n a number up to a space; s, l and o take a digit, of how many
// bytes, entries or fields they are.
type builder struct {
	L     *lua.LState
	codec *codec.Codec
	rest  []byte
}

func (b *builder) next() byte {
	if len(b.rest) == 0 {
		return 'z'
	}
	c := b.rest[0]
	b.rest = b.rest[1:]
	return c
}

func (b *builder) text() string {
	n := min(int(b.next()%10), len(b.rest))
	s := string(b.rest[:n])
	b.rest = b.rest[n:]
	return s
}

func (b *builder) value(depth int) (lua.LValue, any) {
	kind := b.next()
	switch {
	case kind == 't', kind == 'f':
		return lua.LBool(kind == 't'), kind == 't'
	case kind == 'n':
		word, rest, _ := bytes.Cut(b.rest, []byte(" "))
		b.rest = rest
		f, err := strconv.ParseFloat(string(word), 64)
		if err != nil || f-f != 0 {
			f = 0
		}
		return lua.LNumber(f), f
	case kind == 's':
		s := b.text()
		return lua.LString(s), string([]rune(s))
	case kind == 'l' && depth < 50:
		t, list := b.L.NewTable(), []any{}
		_ = b.codec.MarkList(t)
		for range b.next() % 10 {
			v, want := b.value(depth + 1)
			t.Append(v)
			list = append(list, want)
		}
		return t, list
	case kind == 'o' && depth < 50:
		t, object := b.L.NewTable(), map[string]any{}
		_ = b.codec.MarkObject(t)
		for range b.next() % 10 {
			key := string([]rune(b.text()))
			v, want := b.value(depth + 1)
			t.RawSetString(key, v)
			object[key] = want
		}
		return t, object
	}
	return b.codec.Null, nil
}

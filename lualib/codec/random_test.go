package codec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	lua "github.com/yuin/gopher-lua"
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

package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"

	"avescript/internal/wiretest"
	"avescript/lualib/codec"
)

// state is an interpreter with the codec's functions as globals.
func state(t testing.TB) (*lua.LState, *codec.Codec) {
	t.Helper()
	L := lua.NewState()
	t.Cleanup(L.Close)
	c := codec.For(L)
	L.SetGlobal("null", c.Null)
	mark := func(as func(*lua.LTable) error) *lua.LFunction {
		return L.NewFunction(func(L *lua.LState) int {
			if err := as(L.CheckTable(1)); err != nil {
				L.RaiseError("%v", err)
			}
			L.SetTop(1)
			return 1
		})
	}
	L.SetGlobal("list", mark(c.MarkList))
	L.SetGlobal("object", mark(c.MarkObject))
	L.SetGlobal("decode", L.NewFunction(func(L *lua.LState) int {
		v, err := c.Decode([]byte(L.CheckString(1)))
		if err != nil {
			L.RaiseError("%v", err)
		}
		L.Push(v)
		return 1
	}))
	return L, c
}

// eval gives the value of a Lua expression, or what a chunk that begins with a
// local returns.
func eval(t testing.TB, L *lua.LState, code string) lua.LValue {
	t.Helper()
	if !strings.HasPrefix(code, "local ") {
		code = "return " + code
	}
	if err := L.DoString(code); err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	v := L.Get(-1)
	L.Pop(1)
	return v
}

func TestMarkRefusesAnothersMetatable(t *testing.T) {
	L, c := state(t)
	table := eval(t, L, `setmetatable({}, {})`).(*lua.LTable)
	if err := c.MarkList(table); err == nil || !strings.Contains(err.Error(), `__jsontype = "list"`) {
		t.Errorf("got %v, want an error that names __jsontype", err)
	}
}

func TestOneCodecPerInterpreter(t *testing.T) {
	L, c := state(t)
	thread, _ := L.NewThread()
	if codec.For(thread) != c {
		t.Error("a thread has a codec of its own")
	}
	other, _ := state(t)
	if codec.For(other).Null == c.Null {
		t.Error("two interpreters share Null")
	}
	if !codec.IsNull(codec.For(other).Null) || codec.IsNull(lua.LNil) {
		t.Error("IsNull is wrong")
	}
	if got := L.ToStringMeta(c.Null); got != lua.LString("null") {
		t.Errorf("tostring(null) is %v", got)
	}
}

func TestLists(t *testing.T) {
	L, c := state(t)
	values, err := c.DecodeList([]byte(` [null, 1, [null], {}] `))
	if err != nil || len(values) != 4 || values[0] != lua.LNil || values[1] != lua.LNumber(1) {
		t.Fatalf("got %v, %v", values, err)
	}
	text, err := c.AppendList(L, nil, values)
	if err != nil || string(text) != `[null,1,[null],{}]` {
		t.Errorf("got %s, %v", text, err)
	}
	if text, err = c.AppendList(L, nil, nil); err != nil || string(text) != `[]` {
		t.Errorf("got %s, %v", text, err)
	}
	_, err = c.AppendList(L, nil, []lua.LValue{lua.LTrue, L.NewFunction(nil)})
	var e *codec.Error
	if !errors.As(err, &e) || e.Path != "[2]" {
		t.Errorf("got %v, want an error at [2]", err)
	}
	for _, text := range []string{`{}`, ``, `[1`, `[1] 2`} {
		if _, err := c.DecodeList([]byte(text)); err == nil {
			t.Errorf("%q was taken for an array", text)
		}
	}
}

// TestUnchanged checks texts that must come out as they went in.
func TestUnchanged(t *testing.T) {
	L, c := state(t)
	for _, text := range []string{
		`[]`, `{}`, `[[],{}]`, `null`, `[null]`, `{"a":null,"b":[{}]}`, `""`, `"\u0000"`, `-0`,
		`9007199254740993`, `9223372036854775807`, `-9223372036854775808`, `18446744073709551615`,
		`18446744073709551616`, `123456789012345678901234567890`, `-1e400`, `1.5e+300`, `1e-07`,
		strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
	} {
		v, err := c.Decode([]byte(text))
		if err != nil {
			t.Errorf("%.40s: %v", text, err)
			continue
		}
		if got, err := c.Append(L, nil, v); err != nil || string(got) != text {
			t.Errorf("%.40s: came out as %.40s, %v", text, got, err)
		}
	}
}

// TestTranscripts sends every JSON text of the recorded conversations through.
func TestTranscripts(t *testing.T) {
	L, c := state(t)
	texts := 0
	for _, conversation := range wiretest.Transcripts() {
		for _, frame := range conversation.Frames {
			text := frame.Payload()
			v, err := c.Decode(text)
			if valid := json.Valid(text); valid != (err == nil) {
				t.Errorf("%s: %q: got %v, but valid is %v", conversation.Name, text, err, valid)
			}
			if err != nil {
				continue
			}
			texts++
			got, err := c.Append(L, nil, v)
			if err != nil {
				t.Errorf("%s: %s: %v", conversation.Name, text, err)
				continue
			}
			if diff := cmp.Diff(tree(t, text), tree(t, got)); diff != "" {
				t.Errorf("%s: %s (- went in, + came out)\n%s", conversation.Name, text, diff)
			}
		}
	}
	if texts < 20 {
		t.Errorf("only %d texts were found", texts)
	}
}

// tree is what encoding/json reads, with numbers as they are written.
func tree(t testing.TB, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

package show_test

import (
	"context"
	"strings"
	"testing"
	"unicode"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/codec"
	"avescript/lualib/show"
	"avescript/lualib/vm"
)

// Whatever a service answers, nothing of it does anything to the terminal, and there is an
// end to it.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`null`, `"\u001b[2J\u202e"`, `[1, 2.5, -0, 1e308]`, `[{"id": 1, "name": "\u540d"}, {"id": 2, "name": "x\ny"}]`,
		`{"a": {"x": [1], "y": {}}, "b": {"x": [], "y": {"z": [[1]]}}}`, `[[[[[[[[]]]]]]]]`, `{"": "", "end": true, "\t": null}`,
		`["aaaaaaaaaaaaaaaaaaaa", "b", "c", "d", "e", "f", "g", "h"]`, `["\u0301", "\ud83d\udc69\u200d\ud83d\udc67"]`,
	} {
		f.Add([]byte(seed), 40)
	}
	v := vm.New(vm.Stdio{})
	f.Fuzz(func(t *testing.T, answer []byte, width int) {
		err := v.Do(context.Background(), func(L *lua.LState) error {
			value, err := codec.ForRPC(L).Decode(answer)
			if err != nil {
				return nil
			}
			for _, whole := range []bool{false, true} {
				p := show.New(v, max(1, width%200))
				p.Whole = whole
				text, cut := p.Values(L, []lua.LValue{value})
				if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
					t.Errorf("%q has %q", text, text[i:])
				}
				if whole && cut && len(answer) < 1000 && strings.Count(string(answer), "[")+strings.Count(string(answer), "{") < 30 {
					t.Errorf("not all of %q is shown: %s", answer, text)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

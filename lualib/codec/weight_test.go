package codec_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"avescript/lualib/codec"
)

func listOf(item string, n int) string { return "[" + strings.Repeat(item+",", n-1) + item + "]" }

func objectOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"key%d":true`, i)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

// What is decoded must take no more memory than was estimated, and not so much
// less that honest calls would be refused.
func TestWeightIsWhatDecodingTakes(t *testing.T) {
	const n = 20000
	texts := map[string]string{
		"empty objects": listOf("{}", n),
		"empty lists":   listOf("[]", n),
		"nested lists":  listOf("[[[1]]]", n),
		"integers":      listOf("1000", n),
		"fractions":     listOf("0.5", n),
		"large numbers": listOf("99999999999999999999", n),
		"short strings": listOf(`"a"`, n),
		"long strings":  listOf(`"`+strings.Repeat("a", 100)+`"`, n),
		"one string":    `"` + strings.Repeat("a", 50*n) + `"`,
		"escapes":       `"` + strings.Repeat(`\n`, 50*n) + `"`,
		"one object":    objectOf(n),
		"records": listOf(`{"id": 12345, "name": "handset-12345", "type": "handset",
			"serial": "CB5A112345", "state": "free"}`, n),
	}
	for _, fields := range []int{1, 2, 5, 8, 9, 12, 14, 15, 20, 28, 29, 40, 60} {
		texts[fmt.Sprintf("objects of %d fields", fields)] = listOf(objectOf(fields), n/10)
	}
	c := codec.For(lua.NewState())
	for name, text := range texts {
		estimate := codec.Weigh([]byte(text))
		taken := takenBy(func() any {
			v, err := c.Decode([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return v
		})
		if taken > estimate+estimate/50 || estimate > 4*taken {
			t.Errorf("%s: the estimate is %d bytes, and %d are taken", name, estimate, taken)
		}
	}
}

// takenBy is how much memory the result of a function takes.
func takenBy(make func() any) int {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	made := make()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(made)
	return int(after.HeapAlloc) - int(before.HeapAlloc)
}

func TestWeightOfAnOrdinaryCall(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `[1, "a", null, true, {"a": [1.5]}]`} {
		if w := codec.Weigh([]byte(text)); w < 0 || w > 2000 {
			t.Errorf("%s: got %d", text, w)
		}
	}
}

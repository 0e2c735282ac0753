package codec_test

import (
	"encoding/json"
	"testing"

	lua "github.com/yuin/gopher-lua"
	gopherjson "layeh.com/gopher-json"

	"avescript/lualib/codec"
)

// message is a call of middling size, as a broker and its clients exchange.
const message = `{"method": "get_resources", "resource": null, "async": false, "params": {"vargs": [` +
	`{"type": "handset", "platform": "android", "product": "sirius", "sim": null, "power_state": "boot_completed"},` +
	`{"type": "workspace", "uid": "a3f1c7", "root": "/home/tester/.ave/workspaces/a3f1c7", "pretty": "lab-42"},` +
	`{"type": "relay", "uid": "FTDI-99812", "circuits": ["usb.pc.vcc", "usb.pc.dplus", "battery", "charger"], "virtual": true}],` +
	`"kwargs": {"timeout": 30.5, "retries": 3, "tags": ["nightly", "smoke", "a \"quoted\" tag"], "limits": {}, "exclude": [],` +
	`"started": 1418051290, "serial": 9007199254740993, "comment": "k\u00f6r p\u00e5 n\u00e4tterna, \u20ac"}}}`

func BenchmarkDecode(b *testing.B) {
	L := lua.NewState()
	defer L.Close()
	c := codec.For(L)
	data := []byte(message)
	b.Run("codec", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := c.Decode(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gopher-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := gopherjson.Decode(L, data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json-tree", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var tree any
			if err := json.Unmarshal(data, &tree); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	L := lua.NewState()
	defer L.Close()
	c := codec.For(L)
	v, err := c.Decode([]byte(message))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("codec", func(b *testing.B) {
		b.ReportAllocs()
		var dst []byte
		for b.Loop() {
			if dst, err = c.Append(L, dst[:0], v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gopher-json", func(b *testing.B) {
		plain, err := gopherjson.Decode(L, []byte(message)) // it has no form for Null
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := gopherjson.Encode(plain); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json-tree", func(b *testing.B) {
		var tree any
		if err := json.Unmarshal([]byte(message), &tree); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(tree); err != nil {
				b.Fatal(err)
			}
		}
	})
}

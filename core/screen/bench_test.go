package screen_test

import (
	"bytes"
	"fmt"
	"testing"

	"avescript/core/screen"
)

func BenchmarkWrite(b *testing.B) {
	var plain, colored bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&plain, "line %d of what a compiler writes, of the usual length\r\n", i)
		fmt.Fprintf(&colored, "\x1b[32mline\x1b[0m %d \x1b[1;38;5;208mof\x1b[m 漢字 what\x1b[K\r\n", i)
	}
	for name, output := range map[string][]byte{"plain": plain.Bytes(), "colored": colored.Bytes()} {
		b.Run(name, func(b *testing.B) {
			s := screen.New(80, 24)
			b.SetBytes(int64(len(output)))
			for b.Loop() {
				s.Write(output)
			}
		})
	}
}

package lualib

import (
	"os"
	"testing"

	"avescript/internal/golden"
)

// scripts.bin has what the compiler makes of the modules now.
func TestModulesAreCompiled(t *testing.T) {
	want, err := compileScripts()
	if err != nil {
		t.Fatal(err)
	}
	if golden.Updating() {
		if err := os.WriteFile("scripts.bin", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(want) != compiledScripts {
		t.Error("scripts.bin is not what the compiler makes of lualib/lua: run make generate")
	}
	for file := range compiledIndex() {
		proto, source, err := compileScript(file)
		if err != nil || proto.SourceName != file || len(source) == 0 {
			t.Errorf("%s: %v, %d bytes of source, %v", file, proto.SourceName, len(source), err)
		}
	}
}

func BenchmarkDecodeAllModules(b *testing.B) {
	for b.Loop() {
		for file := range compiledIndex() {
			if _, _, err := compileScript(file); err != nil {
				b.Fatal(err)
			}
		}
	}
}

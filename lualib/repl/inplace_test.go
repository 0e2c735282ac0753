package repl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A script that has begun to print while a text was shown in place may do it after that.
func TestPrintingAfterTheTextInPlace(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	place := &inPlace{out: out}
	place.show("value", "below")
	for _, text := range []string{"whole\n", "begun, "} {
		if _, err := place.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	place.end()
	if _, err := place.Write([]byte("late\nand the rest")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out.Name()); err != nil || !strings.HasSuffix(string(got), endUpdate+"begun, late\nand the rest") {
		t.Errorf("got %q, %v", got, err)
	}
}

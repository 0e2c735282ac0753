package exceptions

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"testing"
)

func TestOfSystem(t *testing.T) {
	_, err := os.Open("/no/such/file")
	var e *Error
	if !errors.As(OfSystem(fmt.Errorf("look: %w", err)), &e) || !errors.Is(e, OSError) || !errors.Is(e, fs.ErrNotExist) {
		t.Fatalf("got %#v", e)
	}
	if e.Message != "look: open /no/such/file: no such file or directory" || e.Details["errno"] != "ENOENT" || e.Details["path"] != "/no/such/file" {
		t.Errorf("got %q with %v", e.Message, e.Details)
	}
	if again := OfSystem(e); again != error(e) {
		t.Errorf("of an OSError: got %#v", again)
	}
	if err := OfSystem(io.EOF); err != io.EOF {
		t.Errorf("of another error: got %#v", err)
	}
	if OfSystem(nil) != nil {
		t.Error("of nil: got an error")
	}
}

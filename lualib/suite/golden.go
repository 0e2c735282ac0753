package suite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"avescript/core/exceptions"
	"avescript/lualib/bind"
)

// This file compares what tests see with files beside them: the text "menu" of
// tests/test_shell.lua, in the folder screens, is
// tests/screens/test_shell/menu.txt. The option --update writes the files.

// Bytes that are not ASCII count as letters, even if they are not valid UTF-8.
var goldenName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\w[:^ascii:]][\w[:^ascii:] .-]*$`) })

// golden compares a text with its file. It returns nothing if they are equal;
// otherwise the explanation and, if the file exists, its content.
func golden(c *bind.Call) error {
	var kind, name, text string
	var mayUpdate bool
	if err := c.Args(&kind, &name, &text, &mayUpdate); err != nil {
		return err
	}
	if !goldenName().MatchString(name) {
		return exceptions.TypeError.Newf("matches_%s: a name may only contain letters, digits, blanks and ._-, got %q", kind, name)
	}
	s := of(c.L)
	file := goldenFile(s.file, kind+"s", name)
	kept, err := os.ReadFile(file)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case s.opts.Update && mayUpdate:
		return writeGolden(file, kept, text+"\n")
	case err != nil:
		return c.Return(fmt.Sprintf("%s is missing: to write it, run avescript test --update %s; its content will be:\n%s", file, s.file, text))
	case string(kept) == text+"\n":
		return nil
	}
	return c.Return(fmt.Sprintf("this differs from %s; to accept it, run avescript test --update %s", file, s.file),
		strings.TrimSuffix(string(kept), "\n"))
}

func goldenFile(script, folder, name string) string {
	base := strings.TrimSuffix(filepath.Base(script), filepath.Ext(script))
	return filepath.Join(filepath.Dir(script), folder, base, name+".txt")
}

// writeGolden does not touch a file that has the right content already.
func writeGolden(file string, kept []byte, text string) error {
	if bytes.Equal(kept, []byte(text)) && kept != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

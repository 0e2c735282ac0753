package differential

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// heading begins a program in a file of written ones. Its name follows, and the word alone
// if the program gets a process of its own.
const heading = "--- "

// Written returns the programs in the Lua files of a directory. A file has many: each one
// begins with a line "--- what it shows".
func Written(dir string) (list []Program, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.lua"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		subject := strings.TrimSuffix(filepath.Base(file), ".lua")
		parts := strings.Split("\n"+string(text), "\n"+heading)
		for _, part := range parts[1:] {
			name, source, _ := strings.Cut(part, "\n")
			name, alone := strings.CutSuffix(name, " (alone)")
			list = append(list, Program{Name: subject + ": " + name, Source: source, Alone: alone})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no programs: expected files *.lua with lines %q", dir, heading+"NAME")
	}
	return list, nil
}

package lualib

import (
	"os"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/suite"
)

// openRecording makes the file that a command is to be recorded in: the one that
// was asked for, or one of the test's if all of them are recorded. It is nil if
// there is to be no recording. The caller closes it.
func openRecording(L *lua.LState, path string, argv []string) (file *os.File, err error) {
	if path == "" {
		file, err = suite.NextRecording(L, argv)
	} else {
		file, err = os.Create(path)
	}
	if err != nil {
		return nil, exceptions.OfSystem(err)
	}
	return file, nil
}

package terminal

import (
	"os"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/exceptions"
	"avescript/lualib/vm"
)

// recording is a file that a command is recorded in. If it cannot be written, the
// command fails if the script has asked for the recording; otherwise the report
// says that it is incomplete.
type recording struct {
	*os.File
	fail func(error) // nil if the script has asked for the recording
}

func (r *recording) Write(p []byte) (int, error) {
	_, err := r.File.Write(p)
	return len(p), r.failed(err)
}

func (r *recording) Close() error { return r.failed(r.File.Close()) }

func (r *recording) failed(err error) error {
	if err == nil || r.fail == nil {
		return err
	}
	r.fail(err)
	return nil
}

// openRecording makes the file for the recording of a command: the one that was
// asked for, or one of the test's if all commands are recorded. It returns nil if
// there is no recording. The caller closes it.
func openRecording(L *lua.LState, path string, argv []string) (*recording, error) {
	if path != "" {
		file, err := os.Create(path)
		if err != nil {
			return nil, exceptions.OfSystem(err)
		}
		return &recording{File: file}, nil
	}
	file, fail := vm.TestRunOf(L).NextRecording(argv)
	if file == nil {
		return nil, nil
	}
	return &recording{file, fail}, nil
}

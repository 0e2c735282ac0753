package editor

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"avescript/core/process"
)

// editElsewhere edits the text with $VISUAL or $EDITOR. The result is not run yet. An
// error is printed above the text, which is then unchanged.
func (e *Editor) editElsewhere() {
	if err := e.tryElsewhere(); err != nil {
		e.draw()
		_, _ = fmt.Fprintln(e, err)
	}
}

func (e *Editor) tryElsewhere() error {
	dir, err := os.MkdirTemp("", "edit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "text"+e.options.Suffix)
	if err := os.WriteFile(file, []byte(e.text.s+"\n"), 0o600); err != nil {
		return err
	}
	editor := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi")
	command := exec.Command("/bin/sh", "-c", editor+` "$1"`, "sh", file)
	command.Stdin, command.Stdout, command.Stderr = e.options.In, e.options.Out, e.options.Out
	e.pause(func() {
		if err = process.WithInheritedSignals(command.Start); err == nil {
			err = command.Wait()
		}
	})
	if err != nil {
		return fmt.Errorf("%s: %w", editor, err)
	}
	changed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	s := strings.TrimRight(clean(string(changed)), "\n")
	e.text.keep()
	e.text.set(s, len(s))
	return nil
}

package script

import (
	"errors"
	"fmt"
	"os"
)

// Output paths are checked before a run, so that a bad path fails at once and not hours
// later.

// RefuseScript returns an error if the output file of a flag is a script: the
// script was probably meant as an argument.
func RefuseScript(flag, path string) error {
	if IsName(path) {
		return fmt.Errorf("--%s would overwrite the script %s: choose another file", flag, path)
	}
	return nil
}

// CheckFile returns an error if the output file of a flag cannot be written. ""
// means no file.
func CheckFile(flag, path string) error {
	if path == "" {
		return nil
	}
	if err := RefuseScript(flag, path); err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil // opening and closing a pipe would end it for its reader
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	return file.Close()
}

// CheckDirectory makes the directory of a flag, and returns an error if no files
// can be made there. "" means no directory.
func CheckDirectory(flag, path string) error {
	if path == "" {
		return nil
	}
	err := os.MkdirAll(path, 0o777)
	if err == nil {
		err = tryFile(path)
	}
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	return nil
}

func tryFile(dir string) error {
	file, err := os.CreateTemp(dir, ".avescript-")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// What flags have written when the run is over is looked at before it begins: that
// there is no place for it is not to be found out at the end of a night.

// checkFile says why a flag's file cannot be written. That of a script is taken for
// an argument which has got behind the flag by mistake.
func checkFile(flag, path string) error {
	if path == "" {
		return nil
	}
	if filepath.Ext(path) == ".lua" {
		return fmt.Errorf("--%s: wanted a file to write, got the script %s", flag, path)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil // to open a pipe would have its reader see an end
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	return file.Close()
}

// checkDirectory makes a flag's directory and says why no files can be made there.
func checkDirectory(flag, path string) error {
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

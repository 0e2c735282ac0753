// Package project makes a new project: a service with its tests, a script for its
// administrator, and what runs them on a server and in CI. Its files are under
// template.
package project

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"avescript/lualib"
)

//go:embed all:template
var template embed.FS

// stubs is the directory in which editors find the descriptions of functions, as
// .luarc.json says.
const stubs = ".stubs"

// Files lists the files of a project, except the stubs.
func Files() []string {
	var files []string
	err := fs.WalkDir(template, "template", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, strings.TrimPrefix(name, "template/"))
		}
		return err
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	return files
}

// Make writes a project to a directory, which is made if it does not exist. If one
// of the files exists already, nothing is written.
func Make(dir string) error {
	var there []string
	for _, name := range Files() {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			there = append(there, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("these files in %s would be overwritten: %s; choose another directory, or remove them", dir, strings.Join(there, ", "))
	}
	for _, name := range Files() {
		if err := write(name, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return lualib.WriteStubs(filepath.Join(dir, stubs))
}

func write(name, target string) error {
	text, err := fs.ReadFile(template, "template/"+name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if strings.HasPrefix(string(text), "#!") {
		mode = 0o755
	}
	file, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// Package programs lets the two programs of this project find each other: avescript, which
// runs scripts and tests, and avelab, which has everything of a fleet. They are two, because
// avescript has to be small and to start fast.
//
// Each looks for the other one beside itself, where builds and packages put both, and then
// in PATH. When avescript executes avelab, it says in the variable AVESCRIPT where it is.
package programs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Variable has the path of avescript.
const Variable = "AVESCRIPT"

// Avescript is the path of avescript, for avelab.
func Avescript() (string, error) {
	if path := os.Getenv(Variable); path != "" {
		return path, nil
	}
	path, err := find("avescript")
	if err != nil {
		return "", fmt.Errorf("%w: install it, or set the variable %s to its path", err, Variable)
	}
	return path, nil
}

// Avelab is the path of avelab, for avescript.
func Avelab() (string, error) {
	path, err := find("avelab")
	if err != nil {
		return "", fmt.Errorf("%w: it has everything of a lab with several hosts; 'make build' builds it as bin/avelab, and the package avescript has it: put it beside avescript, or into PATH", err)
	}
	return path, nil
}

// Environment is the one that avescript gives to avelab.
func Environment() []string {
	environment := os.Environ()
	if self, err := os.Executable(); err == nil {
		environment = append(environment, Variable+"="+self)
	}
	return environment
}

// find finds a program beside this one, or in PATH.
func find(name string) (string, error) {
	self, err := os.Executable()
	if err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the program %s is missing: it is neither beside %s nor in PATH", name, self)
	}
	return path, err
}

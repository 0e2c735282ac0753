// Package config reads and creates the configuration of a lab machine.
//
// There are two places. /etc/ave/user, see [Etc], names the account that runs the
// system and its home directory. Everything else is in JSON files in .ave/config below
// that home: one object per file, and a file for each service. [CreateDefault] creates
// them; [Load] and the other Load functions read them.
//
// People edit these files by hand, so every error names the file and then the line and
// column, if the text is not JSON, or the key whose value is wrong. Nothing here
// overwrites an existing file.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir is the directory of the configuration files of a home directory.
func Dir(home string) string { return filepath.Join(home, ".ave", "config") }

// Path is the configuration file with a name such as "broker".
func Path(home, name string) string { return filepath.Join(Dir(home), name+".json") }

// Load reads the configuration file with a name such as "workspace", and checks that it
// is one JSON object without duplicate keys. The text is returned unchanged.
func Load(home, name string) (json.RawMessage, error) {
	if name == "" || name != filepath.Base(name) {
		return nil, fmt.Errorf("wanted the name of a configuration file without a directory, got %q", name)
	}
	path := Path(home, name)
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	if _, err := parseObject(path, text); err != nil {
		return nil, err
	}
	return text, nil
}

// loadObject reads a file and returns its members.
func loadObject(path string) (object, error) {
	text, err := readFile(path)
	if err != nil {
		return object{}, err
	}
	return parseObject(path, text)
}

// readFile reads a file. If it is missing, the error says what to do: a symbolic link
// without a target must be repaired by hand, because bootstrapping does not touch it.
func readFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if target, linkErr := os.Readlink(path); linkErr == nil {
		return nil, fmt.Errorf("%w: it is a symbolic link to %s", err, target)
	}
	if isBootstrapped(path) {
		return nil, fmt.Errorf("%w: ave-config --bootstrap=<user> makes it", err)
	}
	return nil, err
}

package config

// The configuration files of a fresh installation.

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"avescript/core/files"
)

// CreateDefault makes the configuration files that are missing below home, and
// the directories .ave and .ave/config. It returns the paths of the files that
// it made and of those that it skipped because something of that name exists;
// a link counts, also one that leads nowhere. home must exist. After an error
// the lists tell what was done before it.
//
// authkeys.json is for its owner alone. Called by the super user, it acts as
// the owner of home: everything belongs to that user, and a symbolic link in
// the way leads no further than the user could go.
func CreateDefault(home string) (created, skipped []string, err error) {
	if home == "" {
		return nil, nil, errors.New("wanted the path of a home directory, got an empty string")
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, nil, err
	}
	err = asOwner(home, func() error {
		for _, dir := range []string{filepath.Dir(Dir(home)), Dir(home)} {
			if err := makeDir(dir); err != nil {
				return err
			}
		}
		for _, file := range defaultFiles {
			path := Path(home, file.name)
			switch err := createJSON(path, file.content(host), file.mode); {
			case err == nil:
				created = append(created, path)
			case errors.Is(err, fs.ErrExist):
				skipped = append(skipped, path)
			default:
				return err
			}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("default configuration: %w", err)
	}
	return created, skipped, err
}

// makeDir makes the directory path, but not its parents, with mode 0755
// whatever the umask. One that exists is left as it is.
func makeDir(path string) error {
	err := os.Mkdir(path, 0o755)
	if err == nil {
		return os.Chmod(path, 0o755)
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("wanted a directory, got a file: %s", path)
	}
	return nil
}

// createJSON makes a file for people to read and edit; see files.Create.
func createJSON(path string, content any, mode fs.FileMode) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(content); err != nil {
		return err
	}
	return files.Create(path, text.Bytes(), mode)
}

// isBootstrapped reports whether path is one of the files that
// ave-config --bootstrap makes.
func isBootstrapped(path string) bool {
	return path == EtcPath || slices.ContainsFunc(defaultFiles, func(file defaultFile) bool {
		return filepath.Base(path) == file.name+".json"
	})
}

type defaultFile struct {
	name    string
	mode    fs.FileMode
	content func(host string) any // structs, which keep the order of the keys
}

var defaultFiles = []defaultFile{
	{"broker", 0o644, func(host string) any { return defaultBroker(host) }},
	{"authkeys", 0o600, func(string) any {
		return struct {
			Admin string `json:"admin"`
			Share string `json:"share"`
		}{newKey(), newKey()}
	}},
	{"workspace", 0o644, func(host string) any {
		return struct {
			Pretty      string   `json:"pretty"`
			Root        string   `json:"root"`
			Jenkins     string   `json:"jenkins"`
			Tools       struct{} `json:"tools"`
			Flocker     flocker  `json:"flocker"`
			Proxy       string   `json:"proxy"`
			WLAN        wlan     `json:"wlan"`
			WiFiCapable bool     `json:"wifi-capable"`
		}{Pretty: host, Root: "~/.ave"}
	}},
	{"handset", 0o644, func(string) any {
		type handset struct {
			Serial *string `json:"serial"`
			Pretty *string `json:"pretty"`
		}
		return struct {
			Handsets []handset `json:"handsets"`
		}{make([]handset, 1)}
	}},
	{"jenkins", 0o644, func(string) any {
		return struct {
			URL string `json:"url"`
		}{}
	}},
	{"gerrit", 0o644, func(string) any {
		return struct {
			Host string `json:"host"`
			Port int    `json:"port"`
			User string `json:"user"`
		}{Port: 29418}
	}},
	{"panotti", 0o644, func(string) any {
		return struct {
			Enabled bool   `json:"enabled"`
			Host    string `json:"host"`
			Port    int    `json:"port"`
			DB      string `json:"db"`
		}{Port: 5984, DB: "panotti"}
	}},
	{"usbrel64", 0o644, func(string) any { return struct{}{} }},
}

type flocker struct {
	Enable bool   `json:"enable"`
	Host   string `json:"host"`
	Port   *int   `json:"port"`
}

type wlan struct {
	SSID string `json:"ssid"`
	Auth string `json:"auth"`
}

// newKey is 256 random bits, written so that a double click selects them.
func newKey() string {
	var bits [32]byte
	rand.Read(bits[:])
	return hex.EncodeToString(bits[:])
}

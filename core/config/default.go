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
	"os/user"
	"path/filepath"
	"slices"
	"strconv"

	"avescript/core/files"
)

// CreateDefault creates the missing configuration files below home, and all directories
// above them. It returns the paths of the created files, and of those that were skipped
// because the name exists, even as a symbolic link without a target. After an error the
// lists say what was done before.
//
// The files with keys, broker.json and authkeys.json, can only be read by their owner.
// If root calls it, it acts as the owner of home: everything belongs to that user, and
// a symbolic link leads no further than the user could go.
func CreateDefault(home string) (created, skipped []string, err error) {
	return CreateDefaultFor(home, "")
}

// CreateDefaultFor is like [CreateDefault], for an account: if home does not exist, it
// is created and belongs to the account. Without a name this is the caller.
func CreateDefaultFor(home, account string) (created, skipped []string, err error) {
	if home == "" {
		return nil, nil, errors.New("wanted the path of a home directory, got an empty string")
	}
	if err := makeHome(home, account); err != nil {
		return nil, nil, fmt.Errorf("default configuration: %w", err)
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

// makeHome creates a missing home directory, with its parents.
func makeHome(home, account string) error {
	if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var owner *user.User
	if account != "" {
		var err error
		if owner, err = user.Lookup(account); err != nil {
			return fmt.Errorf("the owner of %s: %w", home, err)
		}
	}
	if err := makeDirs(home); err != nil {
		return fmt.Errorf("make %s: %w", home, err)
	}
	if owner == nil {
		return nil
	}
	uid, uidErr := strconv.Atoi(owner.Uid)
	gid, gidErr := strconv.Atoi(owner.Gid)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return err
	}
	return os.Lchown(home, uid, gid)
}

// makeDirs creates the directory path and its parents, like makeDir.
func makeDirs(path string) error {
	path = filepath.Clean(path)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return makeDir(path)
	}
	if err := makeDirs(filepath.Dir(path)); err != nil {
		return err
	}
	return makeDir(path)
}

// makeDir creates the directory path, but not its parents, with mode 0755 whatever the
// umask. An existing directory is not changed.
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

// createJSON creates a file that people can read and edit; see files.Create.
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

// isBootstrapped reports whether path is one of the files that ave-config --bootstrap
// creates.
func isBootstrapped(path string) bool {
	return path == EtcPath || slices.ContainsFunc(defaultFiles, func(file defaultFile) bool {
		return filepath.Base(path) == file.name+".json"
	})
}

type defaultFile struct {
	name    string
	mode    fs.FileMode
	content func(host string) any // returns a struct, which has an order of keys
}

var defaultFiles = []defaultFile{
	{"broker", 0o600, func(host string) any {
		broker := defaultBroker(host)
		broker.Authkey = newKey()
		return broker
	}},
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
		}{Pretty: host, Root: "~/.ave", Flocker: flocker{FTP: 21, HTTP: 80}}
	}},
	{"handset", 0o644, func(string) any {
		type handset struct {
			Serial *string `json:"serial"`
			Vendor *string `json:"vendor"`
			Pretty *string `json:"pretty"`
		}
		return struct {
			Handsets []handset `json:"handsets"`
		}{make([]handset, 1)}
	}},
	{"jenkins", 0o644, func(string) any {
		return struct {
			URL  string `json:"url"`
			Auth string `json:"auth"`
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
	FTP    int    `json:"ftp"`  // a port
	HTTP   int    `json:"http"` // a port
}

type wlan struct {
	SSID string `json:"ssid"`
	Auth string `json:"auth"`
}

// newKey returns 256 random bits, written so that a double click selects all of it.
func newKey() string {
	var bits [32]byte
	rand.Read(bits[:])
	return hex.EncodeToString(bits[:])
}

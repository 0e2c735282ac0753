package link

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"avescript/core/fleet/wire"
)

// Config is who somebody is at a hub.
type Config struct {
	URL  string `json:"url"`            // nats://127.0.0.1:4222 without keys, tls://HUB:4222 with keys
	Pin  string `json:"pin,omitempty"`  // the SHA-256 of the hub's certificate, as hexadecimal digits
	Role string `json:"role"`           // see wire.Worker and the others
	Name string `json:"name"`           // of the host or the user
	Seed string `json:"seed,omitempty"` // the secret key; "" at a hub without keys
	Page string `json:"page,omitempty"` // the address of the hub's page

	// Public is the address of the hub for other hosts, if URL is one on the hub's own host.
	Public string `json:"public,omitempty"`

	// Others are the URLs of the other hubs of a cluster, separated by commas. Whoever
	// connects learns them, see [Link].
	Others string `json:"others,omitempty"`

	Secret string `json:"-"` // of an invitation, for a guest

	File string `json:"-"` // that it was read from, or ""
}

// EnvFile is the variable with the path of the file, for whatever role.
const EnvFile = "AVE_LAB"

// Read reads a file that [Config.Write] has written.
func Read(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, err
	}
	var c Config
	if err := json.Unmarshal(data, &c); err != nil {
		return Config{}, fmt.Errorf("%s is damaged: %w: join the lab again", path, err)
	}
	if err := c.check(); err != nil {
		return Config{}, fmt.Errorf("%s is damaged: %w: join the lab again", path, err)
	}
	c.File = path
	return c, nil
}

// Write writes the file, which only its owner may read. A reader sees the old content or
// the new one.
func (c Config) Write(path string) error {
	if err := c.check(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".lab-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(data, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Dir is the directory with the files of this account.
func Dir() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the files of the lab: %w", err)
	}
	return filepath.Join(home, ".ave", "lab"), nil
}

// Path is the file for a role: that in the variable AVE_LAB, or else ~/.ave/lab/ROLE.json.
func Path(role string) (string, error) {
	if path := os.Getenv(EnvFile); path != "" {
		return path, nil
	}
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, role+".json"), nil
}

// ServiceDir is the directory of a hub that is a service of the system. It has the files of
// an administrator and a user, for root.
const ServiceDir = "/var/lib/avelab"

// Find reads the file for a role.
func Find(role string) (Config, error) {
	path, err := Path(role)
	if err != nil {
		return Config{}, err
	}
	c, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv(EnvFile) == "" {
		if c, err := Read(filepath.Join(ServiceDir, role+".json")); err == nil {
			return c, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, &notJoined{role, path}
	}
	return c, err
}

// notJoined is an fs.ErrNotExist.
type notJoined struct{ role, path string }

func (e *notJoined) Error() string {
	if os.Getenv(EnvFile) != "" {
		return fmt.Sprintf("there is no file %s, which %s names", e.path, EnvFile)
	}
	return fmt.Sprintf("this account has not joined a lab as %s: start one with 'avescript lab start', or join one with 'avescript lab join LINE', with a line that 'avescript lab invite --role %[1]s' has printed", e.role)
}

func (e *notJoined) Is(target error) bool { return target == fs.ErrNotExist }

// check returns an error unless the configuration can be used.
func (c Config) check() error {
	if err := c.checkAddress(c.URL); err != nil {
		return err
	}
	for other := range strings.SplitSeq(c.Others, ",") {
		if other == "" {
			continue
		}
		if err := c.checkAddress(other); err != nil {
			return err
		}
	}
	if err := wire.CheckName(c.Name); err != nil {
		return err
	}
	switch c.Role {
	case wire.Hub, wire.Worker, wire.User, wire.Viewer, wire.Admin, wire.Guest:
		return nil
	}
	return fmt.Errorf("wanted a role: worker, user, viewer or admin, got %q", c.Role)
}

// checkAddress checks where a hub is. Without keys, whoever listens to the connection could
// be anybody: so it must not leave the host.
func (c Config) checkAddress(text string) error {
	address, err := url.Parse(text)
	switch {
	case err != nil || address.Host == "":
		return fmt.Errorf("wanted the address of a hub such as tls://hub:4222, got %q", text)
	case c.Pin == "" && !isLoopback(address.Hostname()):
		return fmt.Errorf("%s is not on this host, so the fingerprint of its certificate is needed: join it with the line that it has printed", text)
	case c.Pin != "" && address.Scheme != "tls":
		return fmt.Errorf("wanted an address tls://HOST:PORT for a hub with a certificate, got %q", text)
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

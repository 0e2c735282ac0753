package fleettest

import (
	"fmt"
	"os"
	"path/filepath"

	"avescript/internal/netlab"
)

// Broker starts a broker on a host, with equipment as a list of profiles in JSON. The host
// has to join after that.
func (f *Fleet) Broker(host, equipment string) {
	f.T.Helper()
	home := f.Home(host)
	account := ""
	if os.Getuid() == 0 {
		account = `"account": "root", `
	}
	port := freePort(f.T)
	f.write(host, "broker", fmt.Sprintf(`{"port": %s, "authkey": "key", %s"equipment": %s}`, port, account, equipment))
	f.write(host, "authkeys", `{"admin": "admin", "share": null}`)
	f.write(host, "workspace", `{}`)
	script, err := filepath.Abs("../../scripts/broker.lua")
	if err != nil {
		f.T.Fatal(err)
	}
	f.Avescript(host, script, "--start", "--home", home).Output()
	f.T.Cleanup(func() { f.Avescript(host, script, "--stop", "--home", home).Output() })
}

// write writes a file of a host's configuration.
func (f *Fleet) write(host, name, text string) {
	f.T.Helper()
	dir := filepath.Join(f.Home(host), ".ave", "config")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		f.T.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(text), 0o600); err != nil {
		f.T.Fatal(err)
	}
}

// HubDirectory is where the hub keeps everything.
func (f *Fleet) HubDirectory() string { return filepath.Join(f.Home(netlab.Hub), ".ave/lab/hub") }

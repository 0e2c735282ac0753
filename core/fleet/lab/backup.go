package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"avescript/core/fleet/access"
	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// backup is a file from which a hub can be made again.
type backup struct {
	Format string          `json:"format"`
	Ledger json.RawMessage `json:"ledger"` // see hub.Restore
	Keys   json.RawMessage `json:"keys"`   // see access.Import; null without keys
}

const backupFormat = "avescript lab 1"

// KeysDir is where a hub has its keys.
const KeysDir = "keys"

// Backup writes a backup of the hub. Dir is the directory of the hub if it is on this host,
// which has the keys; they are not sent over the network.
func Backup(ctx context.Context, dir, path string) error {
	answer, config, err := Ask(ctx, Operating, wire.VerbBackup, nil)
	if err != nil {
		return err
	}
	b := backup{Format: backupFormat, Ledger: answer.Backup}
	if config.Pin != "" {
		b.Keys, err = access.Export(filepath.Join(dir, KeysDir), config.Pin)
		if err != nil {
			return fmt.Errorf("the keys of the hub: %w: make the backup on the hub's host, and name the hub's directory with --dir", err)
		}
	}
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: choose another name for the backup", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// Restore makes the directory of a hub from a backup.
func Restore(ctx context.Context, path, dir string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var b backup
	if err := json.Unmarshal(data, &b); err != nil || b.Format != backupFormat {
		return fmt.Errorf("%s is not a backup of a lab: wanted a file that 'avescript lab backup' has written", path)
	}
	for _, part := range []string{KeysDir, hub.StoreDir, hub.ClusterDir, hub.MovedDir, hub.ClusterFile} {
		if _, err := os.Stat(filepath.Join(dir, part)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s has a hub already: restore into an empty directory", dir)
		}
	}
	// Nothing of it is in its place before all of it is on the disk.
	temporary := filepath.Join(dir, "restoring")
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if err := hub.Restore(ctx, hub.Options{Dir: temporary}, b.Ledger); err != nil {
		return err
	}
	if len(b.Keys) > 0 && string(b.Keys) != "null" {
		keys := filepath.Join(temporary, KeysDir)
		if err := access.Import(keys, b.Keys); err != nil {
			return err
		}
		if err := os.Rename(keys, filepath.Join(dir, KeysDir)); err != nil {
			return err
		}
	}
	return os.Rename(filepath.Join(temporary, hub.StoreDir), filepath.Join(dir, hub.StoreDir))
}

// HubDir is the directory of the hub of this account: the named one, or else the usual one.
func HubDir(named string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	if _, err := os.Stat(ServiceDir); err == nil {
		if _, err := os.ReadDir(ServiceDir); err == nil {
			return ServiceDir, nil
		}
	}
	return DefaultDir()
}

// ServiceDir is the directory of a hub that is a service of the system.
const ServiceDir = link.ServiceDir

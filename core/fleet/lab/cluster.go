package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"avescript/core/files"
	"avescript/core/fleet/access"
	"avescript/core/fleet/hub"
)

// member is the file that makes a directory that of another hub of a cluster.
type member struct {
	Format  string          `json:"format"`
	Cluster hub.Cluster     `json:"cluster"`
	Keys    json.RawMessage `json:"keys"` // see access.Import
	Page    []byte          `json:"page"` // the secret of the page's logins
}

const memberFormat = "avescript lab hub 1"

// CreateCluster makes the hub of a directory, which does not run, the first one of a cluster,
// and writes a file for each of the others into the working directory. Without addresses, it
// writes the files of the cluster that there is.
func CreateCluster(out io.Writer, dir string, addresses []string) error {
	cluster, err := hub.ReadCluster(dir)
	switch {
	case err != nil:
		return err
	case cluster == nil && len(addresses) == 0:
		return fmt.Errorf("the hub in %s is not one of a cluster: name the addresses of its three hubs, this one first", dir)
	case cluster != nil && len(addresses) > 0:
		return fmt.Errorf("the hub in %s is one of a cluster already: %s", dir, strings.Join(cluster.Hubs, ", "))
	}
	isNew := cluster == nil
	if isNew {
		c, err := hub.NewCluster(addresses)
		if err != nil {
			return err
		}
		cluster = &c
	}
	paths, err := writeMembers(dir, *cluster)
	if err != nil {
		return err
	}
	if isNew {
		if err := cluster.Write(dir); err != nil {
			return errors.Join(err, removeAll(paths))
		}
		if err := giveToOwner(dir); err != nil {
			return err
		}
		fmt.Fprintf(out, "The hub in %s is the first of a cluster from now on.\n", dir)
	}
	fmt.Fprintf(out, "Each of these files makes an empty directory that of another hub. They have the secret key\nof the lab: copy them by a safe way, and remove them then.\n")
	for _, path := range paths {
		fmt.Fprintf(out, "  on %s:  %s cluster accept %s\n", strings.TrimSuffix(path, memberSuffix), CommandName(), path)
	}
	fmt.Fprintf(out, "Then start all three hubs by '%s start'.\n", CommandName())
	return nil
}

const memberSuffix = ".hub"

// writeMembers writes the files of the other hubs.
func writeMembers(dir string, cluster hub.Cluster) (paths []string, err error) {
	keys, err := access.Whole(filepath.Join(dir, KeysDir))
	if err != nil {
		return nil, err
	}
	page, err := secret(filepath.Join(dir, pageKey))
	if err != nil {
		return nil, err
	}
	me := cluster.Me
	for i, address := range cluster.Hubs {
		if i == me {
			continue
		}
		cluster.Me = i
		data, err := json.Marshal(member{memberFormat, cluster, keys, page})
		if err != nil {
			return nil, err
		}
		path := memberName(address)
		if err := files.Create(path, append(data, '\n'), 0o600); err != nil {
			return nil, errors.Join(fmt.Errorf("cannot write the file for %s: %w", address, err), removeAll(paths))
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// memberName is the name of the file for a hub.
func memberName(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if port != strconv.Itoa(hub.DefaultPort) {
		host += "_" + port
	}
	return strings.ReplaceAll(host, ":", "_") + memberSuffix
}

func removeAll(paths []string) (err error) {
	for _, path := range paths {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// AcceptCluster makes a directory without a hub that of a hub of a cluster.
func AcceptCluster(out io.Writer, path, dir string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var m member
	if err := json.Unmarshal(data, &m); err != nil || m.Format != memberFormat {
		return fmt.Errorf("%s is not the file of a hub: wanted one that '%s cluster create' has written", path, CommandName())
	}
	for _, part := range []string{KeysDir, hub.StoreDir, hub.ClusterDir} {
		if _, err := os.Stat(filepath.Join(dir, part)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s has a hub already: accept the file in an empty directory", dir)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, pageKey), m.Page, 0o600); err != nil {
		return err
	}
	if err := access.Import(filepath.Join(dir, KeysDir), m.Keys); err != nil {
		return err
	}
	if err := m.Cluster.Write(dir); err != nil {
		return err
	}
	if err := giveToOwner(dir); err != nil {
		return err
	}
	fmt.Fprintf(out, "The hub in %s is %s of the cluster. Remove %s, and start it by '%s start'.\n", dir, m.Cluster.Hubs[m.Cluster.Me], path, CommandName())
	return nil
}

// giveToOwner gives what root has written into a directory to the owner of the directory:
// the hub can be a service with an account of its own.
func giveToOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() != 0 || owner.Uid == 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
}

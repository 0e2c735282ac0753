package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
// writes the files of the cluster that there is, whose hub may run.
func CreateCluster(out io.Writer, dir string, addresses []string) (err error) {
	cluster, err := hub.ReadCluster(dir)
	switch {
	case err != nil:
		return err
	case cluster == nil && len(addresses) == 0:
		return fmt.Errorf("the hub in %s is not one of a cluster: name the addresses of its three hubs, this one first", dir)
	case cluster != nil && len(addresses) > 0:
		return fmt.Errorf("the hub in %s is one of a cluster already, with %s: without addresses, the files of these hubs are written again", dir, strings.Join(cluster.Hubs, ", "))
	}
	isNew := cluster == nil
	if isNew {
		if cluster, err = newCluster(dir, addresses); err != nil {
			return err
		}
	}
	paths, err := writeMembers(dir, *cluster)
	if err == nil {
		err = giveToOwner(dir)
	}
	if err != nil {
		if isNew {
			err = errors.Join(err, removeAll(append(paths, filepath.Join(dir, hub.ClusterFile))))
		}
		return err
	}
	options := ""
	if dir == ServiceDir {
		options = " --dir " + dir
	}
	if isNew {
		fmt.Fprintf(out, "The hub in %s is the first of a cluster from now on.\n\n", dir)
	}
	fmt.Fprintf(out, "These files are for the other hubs. They have the secret key of the lab: copy them in a\nsafe way, and remove them afterwards.\n")
	for _, address := range slices.Delete(slices.Clone(cluster.Hubs), cluster.Me, cluster.Me+1) {
		fmt.Fprintf(out, "  on %s:  %s cluster accept %s%s\n", strings.TrimSuffix(address, defaultPort), CommandName(), memberName(address), options)
	}
	if isNew {
		fmt.Fprintf(out, "Then start all three hubs, this one by '%s'.\n", startCommand(dir))
	} else {
		fmt.Fprintf(out, "Each is for a new machine in place of one that was lost. Start it while both other hubs run.\n")
	}
	return nil
}

// newCluster makes the hub of a directory the first of a cluster.
func newCluster(dir string, addresses []string) (*hub.Cluster, error) {
	cluster, err := hub.NewCluster(addresses)
	if err != nil {
		return nil, err
	}
	has := func(part string) bool {
		_, err := os.Stat(filepath.Join(dir, part))
		return err == nil
	}
	for _, part := range []string{hub.ClusterDir, hub.MovedDir} {
		if has(part) {
			return nil, fmt.Errorf("%s is that of an earlier cluster: remove it, or move it away", filepath.Join(dir, part))
		}
	}
	if has(hub.StoreDir) && !has(KeysDir) {
		return nil, fmt.Errorf("the hub in %s has no keys, and the hubs of a cluster need them: start it once without --no-keys, and end it; then everybody has to join again", dir)
	}
	if err := cluster.Write(dir); err != nil {
		return nil, fmt.Errorf("the hub must not run: %w", err)
	}
	return &cluster, nil
}

const memberSuffix = ".hub"

var defaultPort = ":" + strconv.Itoa(hub.DefaultPort)

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
		err = files.Create(path, append(data, '\n'), 0o600)
		if errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%s is there already: remove it, or go to another directory", path)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("cannot write the file for the hub %s: %w", address, err), removeAll(paths))
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// memberName is the name of the file for a hub.
func memberName(address string) string {
	name := strings.TrimSuffix(address, defaultPort)
	return strings.NewReplacer(":", "_", "[", "", "]", "").Replace(name) + memberSuffix
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
	for _, part := range []string{KeysDir, hub.StoreDir, hub.ClusterDir, hub.MovedDir, hub.ClusterFile} {
		if _, err := os.Stat(filepath.Join(dir, part)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s has a hub already: end it and remove the directory, or choose another one with --dir", dir)
		}
	}
	if err := m.write(dir); err != nil {
		return fmt.Errorf("cannot use %s: %w", path, err)
	}
	if err := giveToOwner(dir); err != nil {
		return err
	}
	fmt.Fprintf(out, "The hub in %s is %s of the cluster. Start it by '%s', and remove %s.\n", dir, m.Cluster.Hubs[m.Cluster.Me], startCommand(dir), path)
	return nil
}

// startCommand is how the hub of a directory is started.
func startCommand(dir string) string {
	switch usual, _ := DefaultDir(); dir {
	case usual:
		return CommandName() + " start"
	case ServiceDir:
		return "systemctl start ave-lab-hub"
	}
	return CommandName() + " start --dir " + dir
}

// write makes the directory. Nothing of it is in its place before all of it is on the disk and
// was looked at.
func (m *member) write(dir string) error {
	temporary := filepath.Join(dir, "accepting")
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if err := m.Cluster.Write(temporary); err != nil {
		return err
	}
	if err := access.Import(filepath.Join(temporary, KeysDir), m.Keys); err != nil {
		return err
	}
	if _, err := access.Open(filepath.Join(temporary, KeysDir), func(string) {}); err != nil {
		return err
	}
	if err := files.Create(filepath.Join(temporary, pageKey), m.Page, 0o600); err != nil {
		return err
	}
	for _, part := range []string{pageKey, KeysDir, hub.ClusterFile} {
		if err := os.Rename(filepath.Join(temporary, part), filepath.Join(dir, part)); err != nil {
			return err
		}
	}
	return files.SyncDirectory(dir)
}

// giveToOwner gives what root has written into the directory of a hub to the owner of the
// directory: the hub can be a service with an account of its own. The directory may be a
// link, but what is in it is not followed: that account could have put it there.
func giveToOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() != 0 || owner.Uid == 0 {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && path != "." && path != KeysDir:
			return fs.SkipDir
		}
		return root.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
}

package config

// Who runs the system, and where to find everything else.

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// EtcPath is the file that says who runs the services of this machine.
const EtcPath = "/etc/ave/user"

// Etc is the content of the file at [EtcPath].
type Etc struct {
	Name string `json:"name"` // the account that runs the services
	Home string `json:"home"` // the directory above .ave/config
	UID  int    `json:"uid"`
}

// LoadEtc reads [EtcPath]. See [LoadEtcFrom].
func LoadEtc() (Etc, error) { return LoadEtcFrom(EtcPath) }

// LoadEtcFrom reads a file like that at [EtcPath]. A missing home or uid is looked up
// in the user database, which is not used otherwise.
func LoadEtcFrom(path string) (Etc, error) {
	file, err := loadObject(path)
	if err != nil {
		return Etc{}, err
	}
	etc := Etc{UID: -1}
	if err := file.text("name", &etc.Name); err != nil {
		return Etc{}, err
	}
	if etc.Name == "" {
		return Etc{}, file.errorf("name", "wanted the name of a user account, got nothing")
	}
	if err := file.text("home", &etc.Home); err != nil {
		return Etc{}, err
	}
	if err := file.whole("uid", 0, maxUID, &etc.UID); err != nil {
		return Etc{}, err
	}
	if etc.Home != "" && etc.UID >= 0 {
		return etc, nil
	}

	account, err := lookup(etc.Name)
	if err != nil {
		return Etc{}, file.errorf("name", "%w", err)
	}
	if etc.Home == "" {
		etc.Home = account.Home
	}
	if etc.UID < 0 {
		etc.UID = account.UID
	}
	return etc, nil
}

// CreateEtc sets the account that runs the system, and writes it to path; "" means
// [EtcPath], which requires root. An account that path already names is kept, whatever
// is requested: the result says which one it is. Missing directories of path are
// created.
//
// The account is name or, if that is empty, the text on stdin up to its end, without
// blanks around it. It must exist.
func CreateEtc(path, name string, stdin io.Reader) (Etc, error) {
	if path == "" {
		path = EtcPath
	}
	if euid := os.Geteuid(); path == EtcPath && euid != 0 {
		return Etc{}, fmt.Errorf("only root can write %s: this process has the effective uid %d", path, euid)
	}
	if chosen, err := LoadEtcFrom(path); !errors.Is(err, fs.ErrNotExist) {
		return chosen, err
	}
	if name == "" {
		var err error
		if name, err = readName(stdin); err != nil {
			return Etc{}, err
		}
	}
	etc, err := lookup(name)
	if err != nil {
		return Etc{}, err
	}
	if err := makeDirs(filepath.Dir(path)); err != nil {
		return Etc{}, err
	}
	err = createJSON(path, etc, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return LoadEtcFrom(path)
	}
	if err != nil {
		return Etc{}, err
	}
	return etc, nil
}

func readName(stdin io.Reader) (string, error) {
	text, err := io.ReadAll(stdin)
	if err != nil {
		return "", fmt.Errorf("read the name of a user account: %w", err)
	}
	name := strings.TrimSpace(string(text))
	if name == "" {
		return "", errors.New("wanted the name of a user account on standard input, got nothing")
	}
	return name, nil
}

// maxUID is the largest user id; the one above it means "none".
const maxUID = 1<<32 - 2

// lookup finds an account in the user database.
func lookup(name string) (Etc, error) {
	account, err := user.Lookup(name)
	if err != nil {
		return Etc{}, fmt.Errorf("wanted the name of a user account, got %q: %w", name, err)
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return Etc{}, fmt.Errorf("user account %q: %w", name, err)
	}
	return Etc{Name: account.Username, Home: account.HomeDir, UID: uid}, nil
}

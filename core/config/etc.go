package config

// Who runs the system: the switch board that leads to everything else.

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

// EtcPath is where a machine says who runs its services.
const EtcPath = "/etc/ave/user"

// Etc is the content of the file at [EtcPath].
type Etc struct {
	Name string `json:"name"` // the account that services run under
	Home string `json:"home"` // the directory above .ave/config
	UID  int    `json:"uid"`
}

// LoadEtc reads [EtcPath]. See [LoadEtcFrom].
func LoadEtc() (Etc, error) { return LoadEtcFrom(EtcPath) }

// LoadEtcFrom reads a file like that at [EtcPath]. A home or uid that it does
// not have comes from the user database, which is not asked otherwise.
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

// CreateEtc chooses the account that runs the system and writes it to path,
// [EtcPath] if that is empty, which wants the super user. An account that path
// names already is kept, whoever is asked for: the result says who it is.
//
// The account is called name or, if that is empty, what stdin says before its
// end, without blanks around it. It must exist.
func CreateEtc(path, name string, stdin io.Reader) (Etc, error) {
	if path == "" {
		path = EtcPath
	}
	if euid := os.Geteuid(); path == EtcPath && euid != 0 {
		return Etc{}, fmt.Errorf("wanted the super user to write %s, got effective uid %d", path, euid)
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
	if err := makeDir(filepath.Dir(path)); err != nil {
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
		return "", fmt.Errorf("reading the name of a user account: %w", err)
	}
	name := strings.TrimSpace(string(text))
	if name == "" {
		return "", errors.New("wanted the name of a user account on standard input, got nothing")
	}
	return name, nil
}

// maxUID is the largest user id; the one above it means none.
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

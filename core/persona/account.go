package persona

import (
	"fmt"
	"os/user"
	"strconv"
)

// Account is an account of this machine.
type Account struct {
	Name   string
	Home   string
	UID    int
	GID    int
	Groups []int // all groups, GID included
}

// Find looks up an account by its name, or by its number if there is no such name.
// name.
func Find(name string) (*Account, error) {
	found, err := user.Lookup(name)
	if _, notNumber := strconv.Atoi(name); err != nil && notNumber == nil {
		found, err = user.LookupId(name)
	}
	if err != nil {
		return nil, err
	}
	groups, err := found.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("groups of user %s: %w", name, err)
	}
	ids, err := numbers(append([]string{found.Uid, found.Gid}, groups...))
	if err != nil {
		return nil, fmt.Errorf("numbers of user %s: %w", name, err)
	}
	return &Account{Name: found.Username, Home: found.HomeDir, UID: ids[0], GID: ids[1], Groups: ids[2:]}, nil
}

// NameOf is the name of an account, or its number as text if it has no name.
func NameOf(uid int) string {
	number := strconv.Itoa(uid)
	if found, err := user.LookupId(number); err == nil {
		return found.Username
	}
	return number
}

func numbers(texts []string) ([]int, error) {
	ids := make([]int, len(texts))
	for i, text := range texts {
		id, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// Environment are the variables that tell a program which account it runs as.
func (a *Account) Environment() []Variable {
	return []Variable{{"HOME", a.Home}, {"USER", a.Name}, {"LOGNAME", a.Name}}
}

package config

// The keys of administrative accounts.

import (
	"encoding/json"
	"maps"
	"slices"
)

// LoadAuthkeys reads authkeys.json: the key of every account, nil for an open account.
// The keys are plain text: they prevent accidents, not attacks.
func LoadAuthkeys(home string) (map[string]*string, error) {
	file, err := loadObject(Path(home, "authkeys"))
	if err != nil {
		return nil, err
	}
	keys := make(map[string]*string, len(file.members))
	for _, account := range slices.Sorted(maps.Keys(file.members)) {
		var key *string
		if json.Unmarshal(file.members[account], &key) != nil {
			return nil, file.wrongType(account, "a string or null")
		}
		keys[account] = key
	}
	return keys, nil
}

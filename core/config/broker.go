package config

// The configuration of a broker.

import (
	"encoding/json"
	"fmt"
	"os"

	"avescript/core/profile"
)

// Broker is the content of broker.json.
type Broker struct {
	Host string `json:"host"` // the name of this host for other hosts
	Port int    `json:"port"`

	// Authkey is the key that clients need, "" if there is none.
	Authkey string `json:"authkey,omitempty"`

	// Stacks are groups of equipment that belong together: one request is served from a
	// single stack.
	Stacks [][]profile.Profile `json:"stacks"`

	Remote Remote `json:"remote"` // the zero value if there is none
}

// Remote is another broker, which gets requests or equipment of this one.
type Remote struct {
	Host    string `json:"host,omitempty"`
	Port    int    `json:"port,omitempty"`
	Policy  string `json:"policy,omitempty"`  // PolicyForward or PolicyShare
	Authkey string `json:"authkey,omitempty"` // "" if there is none
}

// The policies of a [Remote].
const (
	PolicyForward = "forward" // requests that cannot be served are forwarded
	PolicyShare   = "share"   // this broker's equipment is shared
)

func defaultBroker(host string) Broker {
	return Broker{Host: host, Port: 4000, Stacks: [][]profile.Profile{}}
}

// LoadBroker reads broker.json and adds defaults. Unknown keys are ignored; [Load]
// returns them.
func LoadBroker(home string) (Broker, error) {
	file, err := loadObject(Path(home, "broker"))
	if err != nil {
		return Broker{}, err
	}
	host, err := os.Hostname()
	if err != nil {
		return Broker{}, err
	}
	broker := defaultBroker(host)
	if err := file.text("host", &broker.Host); err != nil {
		return Broker{}, err
	}
	if err := file.port("port", &broker.Port); err != nil {
		return Broker{}, err
	}
	if err := file.key("authkey", &broker.Authkey); err != nil {
		return Broker{}, err
	}
	if err := readStacks(file, &broker.Stacks); err != nil {
		return Broker{}, err
	}
	if err := readRemote(file, &broker.Remote); err != nil {
		return Broker{}, err
	}
	return broker, nil
}

func readRemote(file object, remote *Remote) error {
	o, err := file.object("remote")
	if err != nil || len(o.members) == 0 {
		return err
	}
	for _, key := range []string{"host", "port", "policy"} {
		if _, ok := o.members[key]; !ok {
			return o.wrongType(key, "a value")
		}
	}
	if err := o.text("host", &remote.Host); err != nil {
		return err
	}
	if remote.Host == "" {
		return o.errorf("host", "wanted the name of a host, got an empty string")
	}
	if err := o.port("port", &remote.Port); err != nil {
		return err
	}
	if err := o.text("policy", &remote.Policy); err != nil {
		return err
	}
	switch _, ok := o.members["authkey"]; {
	case remote.Policy == PolicyShare && !ok:
		return o.wrongType("authkey", "a string")
	case remote.Policy != PolicyShare && remote.Policy != PolicyForward:
		return o.errorf("policy", "wanted %q or %q, got %q", PolicyForward, PolicyShare, remote.Policy)
	}
	return o.key("authkey", &remote.Authkey)
}

func readStacks(file object, stacks *[][]profile.Profile) error {
	value, ok := file.members["stacks"]
	if !ok {
		return nil
	}
	lists, err := readList(value)
	if err != nil {
		return file.errorf("stacks", "wanted a list of lists of profiles, %w", err)
	}
	for i, list := range lists {
		items, err := readList(list)
		if err != nil {
			return file.errorf(fmt.Sprintf("stacks[%d]", i), "wanted a list of profiles, %w", err)
		}
		stack := make([]profile.Profile, len(items))
		for j, item := range items {
			if stack[j], err = readEquipment(item); err != nil {
				return file.errorf(fmt.Sprintf("stacks[%d][%d]", i, j), "%w", err)
			}
		}
		*stacks = append(*stacks, stack)
	}
	return nil
}

func readList(value json.RawMessage) (items []json.RawMessage, err error) {
	if got := kind(value); got != "a list" {
		return nil, fmt.Errorf("got %s", got)
	}
	return items, json.Unmarshal(value, &items)
}

// readEquipment reads the profile of one piece of equipment. Which property identifies
// it depends on the type, which services define; here it is only checked that there is
// a property besides the type.
func readEquipment(text json.RawMessage) (profile.Profile, error) {
	p, err := profile.Parse(text)
	if err != nil {
		return profile.Profile{}, err
	}
	value, _ := p.Get("type")
	var name string
	if kind(value) != "a string" || json.Unmarshal(value, &name) != nil || name == "" {
		return profile.Profile{}, fmt.Errorf(`wanted a profile whose "type" is a non-empty string, got %s`, text)
	}
	if p.Len() < 2 {
		return profile.Profile{}, fmt.Errorf("wanted a profile that identifies the equipment, got %s", text)
	}
	return p, nil
}

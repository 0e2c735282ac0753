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
	Host string `json:"host"` // this host's name, as others know it
	Port int    `json:"port"`

	// Stacks are groups of equipment that belong together: one client gets
	// what it asks for from a single stack.
	Stacks [][]profile.Profile `json:"stacks"`

	Remote Remote `json:"remote"` // the zero value if there is none
}

// Remote is another broker, to which requests or equipment are given.
type Remote struct {
	Host    string `json:"host,omitempty"`
	Port    int    `json:"port,omitempty"`
	Policy  string `json:"policy,omitempty"`  // PolicyForward or PolicyShare
	Authkey string `json:"authkey,omitempty"` // with PolicyShare alone
}

// The policies of a [Remote].
const (
	PolicyForward = "forward" // requests that cannot be served are passed on
	PolicyShare   = "share"   // this broker's equipment is offered there
)

func defaultBroker(host string) Broker {
	return Broker{Host: host, Port: 4000, Stacks: [][]profile.Profile{}}
}

// LoadBroker reads broker.json and fills in what it leaves out. Keys that have
// no meaning here are passed over; [Load] gives them.
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
	switch remote.Policy {
	case PolicyForward:
		return nil
	case PolicyShare:
		if _, ok := o.members["authkey"]; !ok {
			return o.wrongType("authkey", "a string")
		}
		return o.text("authkey", &remote.Authkey)
	}
	return o.errorf("policy", "wanted %q or %q, got %q", PolicyForward, PolicyShare, remote.Policy)
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

// readEquipment reads a profile that stands for one piece of equipment. What
// identifies it depends on the type, which services define; that there is
// something besides the type can be told here.
func readEquipment(text json.RawMessage) (profile.Profile, error) {
	p, err := profile.Parse(text)
	if err != nil {
		return profile.Profile{}, err
	}
	value, _ := p.Get("type")
	var name string
	if kind(value) != "a string" || json.Unmarshal(value, &name) != nil || name == "" {
		return profile.Profile{}, fmt.Errorf(`wanted a profile whose "type" is a string with something in it, got %s`, text)
	}
	if p.Len() < 2 {
		return profile.Profile{}, fmt.Errorf("wanted a profile that identifies the equipment, got %s", text)
	}
	return p, nil
}

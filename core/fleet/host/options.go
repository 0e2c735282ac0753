package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
	"avescript/core/persona"
)

// Options say what a host is, and which of it the fleet may use.
type Options struct {
	Link    link.Config // of the role worker; its Name is that of the host
	Dir     string      // of everything that the host keeps; one process uses it at a time
	Program string      // path of avescript
	Version string      // of the program, for people
	Cores   int         // for jobs; 0 is all of them
	Memory  int64       // for jobs, in bytes; 0 is all of it
	Tags    []string    // in addition to those that the host finds itself
	Account string      // that jobs run as; "" is this one, but not root
	Broker  string      // home of the account that runs the broker: see [config.LoadBroker]; "" is without equipment

	CacheBytes int64 // limit of the code that is kept; 0 is 4 GB
	Reserve    int64 // bytes of the disk that jobs leave free; 0 is a hundredth of it, at most 1 GiB

	// Leave ends the host when its jobs are done; it takes no more. AtOnce ends it without
	// the teardown of its jobs, after the context has ended.
	Leave  <-chan struct{} `json:"-"`
	AtOnce <-chan struct{} `json:"-"`

	Ready func()                           `json:"-"` // called after the first answered heartbeat
	Log   func(format string, args ...any) `json:"-"` // nil is nowhere
}

const defaultCache = 4 << 30

// rootAccount is the account that has to be named, so that nobody gives it away by mistake.
const rootAccount = "root"

// check completes the options, and returns the account of jobs, nil if it is the own one.
func (o *Options) check() (account *persona.Account, err error) {
	if o.Link.Role != wire.Worker {
		return nil, fmt.Errorf("a host needs the role %s, got %q: join the lab as a host", wire.Worker, o.Link.Role)
	}
	if err := wire.CheckName(o.Link.Name); err != nil {
		return nil, err
	}
	if o.Dir == "" || o.Program == "" {
		return nil, errors.New("a host needs a directory and the program avescript")
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, err
	}
	if o.Program, err = filepath.Abs(o.Program); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.Ready == nil {
		o.Ready = func() {}
	}
	if o.Cores <= 0 {
		o.Cores = runtime.NumCPU()
	}
	if o.Memory <= 0 {
		o.Memory = totalMemory()
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = defaultCache
	}
	return o.account()
}

// CheckAccount checks that a host could run jobs as the account that is named, if one is.
func (o *Options) CheckAccount() error {
	if o.Account == "" {
		return nil
	}
	_, err := o.account()
	return err
}

func (o *Options) account() (*persona.Account, error) {
	account, err := accountOf(o.Account, os.Geteuid())
	if err != nil || account == nil {
		return account, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err == nil {
		err = canEnter(account, dir)
	}
	return account, err
}

// canEnter checks that an account can reach what is in a directory. The directory itself is
// made by the host.
func canEnter(account *persona.Account, dir string) error {
	for at := filepath.Dir(dir); account.UID != 0; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err == nil {
			of, bit := info.Sys().(*syscall.Stat_t), os.FileMode(0o001)
			switch {
			case int(of.Uid) == account.UID:
				bit = 0o100
			case slices.Contains(account.Groups, int(of.Gid)):
				bit = 0o010
			}
			if info.Mode()&bit == 0 {
				return fmt.Errorf("jobs run as %s, which cannot enter %s: choose a directory for the host that it can reach, not below %s", account.Name, at, at)
			}
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	return nil
}

// accountOf returns the account that jobs run as, nil if it is the own one.
func accountOf(name string, uid int) (*persona.Account, error) {
	if name == "" {
		if uid == 0 {
			return nil, errors.New("jobs would run as root: everyone who may submit could do everything on this host." +
				" Name an account for them with --account; --account root if you want that")
		}
		return nil, nil
	}
	account, err := persona.Find(name)
	if err != nil {
		return nil, fmt.Errorf("account for jobs: %w", err)
	}
	switch {
	case account.UID == uid:
		return nil, nil
	case uid != 0:
		return nil, fmt.Errorf("jobs cannot run as %s: only a host that runs as root can use another account", name)
	case account.UID == 0 && name != rootAccount:
		return nil, fmt.Errorf("jobs would run as root, because %s is root: name it %s if you want that", name, rootAccount)
	}
	return account, nil
}

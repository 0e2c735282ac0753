package exceptions

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
)

// Class is the type of an exception. It is an error itself, for errors.Is.
type Class struct {
	Name   string
	Parent *Class // nil only for Exception
}

// Error is the name of the class.
func (c *Class) Error() string { return c.Name }

// IsA reports whether c is ancestor or a descendant of it.
func (c *Class) IsA(ancestor *Class) bool {
	for ; c != nil; c = c.Parent {
		if c == ancestor {
			return true
		}
	}
	return false
}

// IsNetwork reports whether c belongs to ave.network.exceptions. These are about a
// connection of this program and are never sent to another program.
func (c *Class) IsNetwork() bool {
	return slices.ContainsFunc([]*Class{
		ConnectionClosed, ConnectionTimeout, ConnectionRefused, ConnectionInProgress, ConnectionAgain, ConnectionReset, ConnectionUnknownHost,
	}, c.IsA)
}

// The classes of ave.exceptions and ave.network.exceptions, and the classes of Python
// that are used in the protocol.
var (
	Exception     = builtin("Exception", nil)
	TypeError     = builtin("TypeError", Exception)
	OverflowError = builtin("OverflowError", Exception)
	OSError       = builtin("OSError", Exception)

	AveException = builtin("AveException", Exception)
	Timeout      = builtin("Timeout", AveException)
	Exit         = builtin("Exit", AveException)
	AuthError    = builtin("AuthError", AveException)
	RunError     = builtin("RunError", AveException)
	Restarting   = builtin("Restarting", AveException)
	Terminated   = builtin("Terminated", AveException)
	Offline      = builtin("Offline", AveException)

	CompositionServerResponseNot200Exception = builtin("CompositionServerResponseNot200Exception", AveException)
	CompositionServerResponseHttpRetryCode   = builtin("CompositionServerResponseHttpRetryCode", AveException)
	CompositionServerResponseOrderFailed     = builtin("CompositionServerResponseOrderFailed", AveException)
	CompositionDownloadImagesFailed          = builtin("CompositionDownloadImagesFailed", AveException)

	ConnectionClosed     = builtin("ConnectionClosed", Exception)
	ConnectionTimeout    = builtin("ConnectionTimeout", Exception)
	ConnectionRefused    = builtin("ConnectionRefused", Exception)
	ConnectionInProgress = builtin("ConnectionInProgress", Exception)
	ConnectionAgain      = builtin("ConnectionAgain", Exception)
	ConnectionReset      = builtin("ConnectionReset", Exception)

	// ConnectionUnknownHost is not in the document: with its classes, clients would
	// take a host name that does not exist for a service that may come back.
	ConnectionUnknownHost = builtin("ConnectionUnknownHost", Exception)
)

// classes contains all classes by name. It is the only state of this package that is
// shared by all interpreters of a program: a name in the protocol means the same in all
// of them.
var classes struct {
	sync.RWMutex
	byName map[string]*Class
	order  []*Class
}

func builtin(name string, parent *Class) *Class {
	if classes.byName == nil {
		classes.byName = map[string]*Class{}
	}
	c := &Class{name, parent}
	classes.byName[name] = c
	classes.order = append(classes.order, c)
	return c
}

// Builtin lists the classes that this package declares, parents first.
func Builtin() []*Class { return classes.order }

// Lookup finds a class by its name. For an undefined name it returns a class below
// AveException, which is not stored, so that a peer cannot fill the memory with names.
func Lookup(name string) *Class {
	classes.RLock()
	defer classes.RUnlock()
	if c, ok := classes.byName[name]; ok {
		return c
	}
	return &Class{name, AveException}
}

var nameForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })

// Define makes a class of a service, below parent, or AveException if that is nil.
// Defining the same class again returns the existing one.
func Define(name string, parent *Class) (*Class, error) {
	if !nameForm().MatchString(name) {
		return nil, fmt.Errorf("wanted an identifier as the name of an exception, got %q", name)
	}
	if parent == nil {
		parent = AveException
	}
	classes.Lock()
	defer classes.Unlock()
	if c, ok := classes.byName[name]; ok {
		if c.Parent != parent {
			return nil, fmt.Errorf("exception %s is defined already, below %s", name, c.Parent.Name)
		}
		return c, nil
	}
	c := &Class{name, parent}
	classes.byName[name] = c
	return c, nil
}

package lualib

import (
	"fmt"
	"net"
	"reflect"
	"time"

	lua "github.com/yuin/gopher-lua"

	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/lualib/bind"
	"avescript/lualib/codec"
)

// settings are what a Control is made with. They are fields of the object, so
// that they go to the service's process, which reads them there.
type settings struct {
	Port      port         `lua:"port"`
	Authkey   string       `lua:"authkey"`
	Socket    socket       `lua:"socket"`
	AltKeys   *lua.LTable  `lua:"alt_keys"`
	Interval  bind.Seconds `lua:"interval"`
	Home      string       `lua:"home"`
	ProcName  string       `lua:"proc_name"`
	Logging   bool         `lua:"logging"`
	Anonymous bool         `lua:"anonymous"`
	Auth      digestKind   `lua:"auth"`

	MaxFrame         int          `lua:"max_frame"`
	MaxConnections   int          `lua:"max_connections"`
	MaxHandshakes    int          `lua:"max_handshakes"`
	HandshakeTimeout bind.Seconds `lua:"handshake_timeout"`
	FrameTimeout     bind.Seconds `lua:"frame_timeout"`
	WriteTimeout     bind.Seconds `lua:"write_timeout"`

	Takeover        bool         `lua:"takeover"`
	TakeoverTimeout bind.Seconds `lua:"takeover_timeout"`

	Describe    bool `lua:"describe"`
	MetricsPort port `lua:"metrics_port"`

	TLSCert     string `lua:"tls_cert"`
	TLSKey      string `lua:"tls_key"`
	TLSClientCA string `lua:"tls_client_ca"`
}

func newSettings() settings { return settings{Describe: true} }

// port is where a service listens; 0 lets the system choose.
type port int

func (p *port) UnpackLua(L *lua.LState, v lua.LValue) error {
	var n int
	if err := bind.Unpack(L, v, &n); err != nil || n < 0 || n > 65535 {
		return bind.Wanted("a port from 0 to 65535")
	}
	*p = port(n)
	return nil
}

// digestKind is how keys are proven: "sha256" alone, or with "md5" also as the
// clients of the earlier system do it.
type digestKind string

func (k *digestKind) UnpackLua(_ *lua.LState, v lua.LValue) error {
	*k = digestKind(lua.LVAsString(v))
	if *k != "sha256" && *k != "md5" {
		return bind.Wanted(`"sha256" or "md5"`)
	}
	return nil
}

func (k digestKind) refusesMD5() bool { return k == "sha256" }

// settingsOf reads the settings back from the fields of a service's object.
func settingsOf(L *lua.LState, self *lua.LTable) (settings, error) {
	s, given := newSettings(), L.NewTable()
	fields := reflect.TypeFor[settings]()
	for i := range fields.NumField() {
		name := fields.Field(i).Tag.Get("lua")
		given.RawSetString(name, self.RawGetString(name))
	}
	if err := bind.Unpack(L, given, &s); err != nil {
		return s, exceptions.TypeError.Newf("%s: %w", bind.NameOf(self), err)
	}
	return s, nil
}

// serviceOptions are the options of the service that an object is.
func serviceOptions(c *bind.Call, s *settings) (options control.Options, err error) {
	options = control.Options{
		Address:   connection.Address{Port: int(s.Port)},
		Authkey:   s.Authkey,
		Anonymous: s.Anonymous,
		RefuseMD5: s.Auth.refusesMD5(),
		Interval:  s.Interval.Or(0),
		Limits: control.Limits{
			MaxFrame:         s.MaxFrame,
			MaxConnections:   s.MaxConnections,
			MaxHandshakes:    s.MaxHandshakes,
			HandshakeTimeout: patience(s.HandshakeTimeout),
			FrameTimeout:     patience(s.FrameTimeout),
			WriteTimeout:     patience(s.WriteTimeout),
		},
		MetricsPort: int(s.MetricsPort),
	}
	if s.TLSCert != "" || s.TLSKey != "" || s.TLSClientCA != "" {
		if options.TLS, err = control.ServerTLS(s.TLSCert, s.TLSKey, s.TLSClientCA); err != nil {
			return options, fmt.Errorf("%s: tls_cert, tls_key, tls_client_ca: %w", bind.NameOf(c.Self), err)
		}
	}
	if options.AltKeys, err = altKeys(s.AltKeys); err != nil {
		return options, err
	}
	if s.Socket.Socket != nil {
		var listener net.Listener
		if listener, err = s.Socket.Listener(); err != nil {
			return options, fmt.Errorf("%s: the socket: %w", bind.NameOf(c.Self), err)
		}
		options.Listener = listener
	}
	return options, nil
}

// patience is a limit of the core, which knows none that is for ever.
func patience(s bind.Seconds) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	if limit := s.Or(0); limit >= 0 {
		return min(limit, century)
	}
	return century
}

// altKeys reads a table of accounts and their keys; null is an open account.
func altKeys(t *lua.LTable) (map[string]*string, error) {
	if t == nil {
		return nil, nil
	}
	keys := map[string]*string{}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		key, isString := v.(lua.LString)
		switch {
		case isString:
			text := string(key)
			keys[k.String()] = &text
		case codec.IsNull(v):
			keys[k.String()] = nil
		default:
			return nil, exceptions.TypeError.Newf("alt_keys: wanted a string or null as the key of '%s', got %s", k, bind.Describe(v))
		}
	}
	return keys, nil
}

package service

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
	"avescript/lualib/modules/network"
)

// settings are the options of a Control. They are fields of the object, which are
// copied to the service's process and read there.
type settings struct {
	Port      port           `lua:"port"`
	Listen    ipAddress      `lua:"listen"`
	Authkey   string         `lua:"authkey"`
	Socket    network.Socket `lua:"socket"`
	AltKeys   *lua.LTable    `lua:"alt_keys"`
	Interval  bind.Seconds   `lua:"interval"`
	Home      string         `lua:"home"`
	ProcName  string         `lua:"proc_name"`
	Logging   bool           `lua:"logging"`
	Anonymous bool           `lua:"anonymous"`
	Auth      digestKind     `lua:"auth"`

	MaxFrame         int          `lua:"max_frame"`
	MaxIncoming      int          `lua:"max_incoming"`
	MaxValues        int          `lua:"max_values"`
	MaxUnread        int          `lua:"max_unread"`
	MaxConnections   int          `lua:"max_connections"`
	MaxHandshakes    int          `lua:"max_handshakes"`
	HandshakeTimeout bind.Seconds `lua:"handshake_timeout"`
	FrameTimeout     bind.Seconds `lua:"frame_timeout"`
	WriteTimeout     bind.Seconds `lua:"write_timeout"`

	KeepAlive bind.Seconds `lua:"keep_alive"`

	Takeover        bool         `lua:"takeover"`
	TakeoverTimeout bind.Seconds `lua:"takeover_timeout"`

	Systemd     bool `lua:"systemd"`
	Describe    bool `lua:"describe"`
	MetricsPort port `lua:"metrics_port"`

	TLSCert     string `lua:"tls_cert"`
	TLSKey      string `lua:"tls_key"`
	TLSClientCA string `lua:"tls_client_ca"`
}

func newSettings() settings { return settings{Describe: true} }

// port is the port to listen on; 0 lets the system choose.
type port int

func (p *port) UnpackLua(L *lua.LState, v lua.LValue) error {
	var n int
	if err := bind.Unpack(L, v, &n); err != nil || n < 0 || n > 65535 {
		return bind.Wanted("a port from 0 to 65535")
	}
	*p = port(n)
	return nil
}

// ipAddress is the address to listen on; "" means all interfaces.
type ipAddress string

func (a *ipAddress) UnpackLua(_ *lua.LState, v lua.LValue) error {
	text, ok := v.(lua.LString)
	if !ok || text != "" && net.ParseIP(string(text)) == nil {
		return bind.Wanted(`an IP address of this host, such as "127.0.0.1", or "0.0.0.0" for all`)
	}
	*a = ipAddress(text)
	return nil
}

// host returns the host with which clients on this host reach a service that
// listens on a.
func (a ipAddress) host() string {
	if net.ParseIP(string(a)).IsUnspecified() {
		return ""
	}
	return string(a)
}

// digestKind is how keys are proven: only by "sha256", or with "md5" also as
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

// settingsOf reads the settings from the fields of a service's object.
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

// serviceOptions returns the options of the server for a service's object.
func serviceOptions(c *bind.Call, s *settings) (options control.Options, err error) {
	values := codec.ForRPC(c.L)
	options = control.Options{
		Address:   connection.Address{Host: string(s.Listen), Port: int(s.Port)},
		Authkey:   s.Authkey,
		Anonymous: s.Anonymous,
		RefuseMD5: s.Auth.refusesMD5(),
		Interval:  s.Interval.Or(0),
		Limits: control.Limits{
			MaxFrame:         s.MaxFrame,
			MaxIncoming:      s.MaxIncoming,
			MaxValues:        s.MaxValues,
			MaxUnread:        s.MaxUnread,
			MaxConnections:   s.MaxConnections,
			MaxHandshakes:    s.MaxHandshakes,
			HandshakeTimeout: patience(s.HandshakeTimeout),
			FrameTimeout:     patience(s.FrameTimeout),
			WriteTimeout:     patience(s.WriteTimeout),
		},
		KeepAlive:   patience(s.KeepAlive),
		MetricsPort: int(s.MetricsPort),
		Weigh: func(call *control.Call) int {
			return codec.Weigh(call.Vargs) + codec.Weigh(call.Kwargs) + codec.Weigh(call.Resource)
		},
		Decode: func(call *control.Call) { call.Values = decodeCall(values, call) },
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

// patience converts a limit for the core, where no limit is unlimited.
func patience(s bind.Seconds) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	if limit := s.Or(0); limit >= 0 {
		return min(limit, century)
	}
	return century
}

// altKeys reads a table of keys by account; null means an open account.
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

package compat

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
	"avescript/lualib/stdlib"
	"avescript/lualib/vm"
)

// The errors that are not the system's.
var (
	errTimeout = errors.New("timeout")
	errClosed  = errors.New("closed")
	errHost    = errors.New("host or service not provided, or not known")
	errNoHost  = errors.New("host not found") // by dns
	errService = errors.New("service not supported for socket type")
)

// socketError is what LuaSocket says of an error.
func socketError(err error) string {
	switch {
	case errors.Is(err, errTimeout), errors.Is(err, errClosed), errors.Is(err, errHost), errors.Is(err, errService):
		return err.Error()
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.ECONNABORTED), errors.Is(err, unix.EPIPE):
		return errClosed.Error()
	case errors.Is(err, unix.ETIMEDOUT), errors.Is(err, exceptions.Timeout):
		return errTimeout.Error()
	case errors.Is(err, unix.EISCONN):
		return "already connected"
	case errors.Is(err, unix.EADDRINUSE), errors.Is(err, unix.EACCES), errors.Is(err, unix.ECONNREFUSED):
		return strings.ToLower(stdlib.ErrorText(err))
	}
	return stdlib.ErrorText(err)
}

// resolve looks up a host and a service. Names are looked up without the lock.
func resolve(L *lua.LState, host, service string, family int) (found []netip.AddrPort, err error) {
	port, err := net.LookupPort("tcp", service)
	if err != nil {
		return nil, errService
	}
	addresses, err := lookup(L, host)
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		is4 := address.Is4()
		if family == unix.AF_UNSPEC || is4 == (family == unix.AF_INET) {
			found = append(found, netip.AddrPortFrom(address, uint16(port)))
		}
	}
	if len(found) == 0 {
		return nil, errHost
	}
	return found, nil
}

// lookup gives the addresses of a host; * means all of this machine, of either family.
func lookup(L *lua.LState, host string) (addresses []netip.Addr, err error) {
	if host == "*" {
		return []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}, nil
	}
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address.Unmap()}, nil
	}
	vm.Unlocked(L, func(ctx context.Context) { addresses, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host) })
	if err != nil || len(addresses) == 0 {
		return nil, errHost
	}
	for i := range addresses {
		addresses[i] = addresses[i].Unmap()
	}
	return addresses, nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
}

func familyOf(a netip.Addr) int {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// familyNames are what LuaSocket calls the families.
var familyNames = map[int]string{unix.AF_INET: "inet", unix.AF_INET6: "inet6"}

// addrPort is the address that the system has given; ok is false for other families.
func addrPort(a unix.Sockaddr) (found netip.AddrPort, ok bool) {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)), true
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)), true
	}
	return found, false
}

// openDNS makes socket.dns.
func openDNS(L *lua.LState) *lua.LTable {
	return newTable(L, []function{
		{"getaddrinfo", func(a stdlib.Args) int {
			addresses, err := lookup(a.L, a.String(1))
			if err != nil {
				return failed(a, err.Error())
			}
			return a.Push(addressList(a.L, addresses))
		}},
		{"gethostname", func(a stdlib.Args) int {
			name, err := os.Hostname()
			if err != nil {
				return failed(a, stdlib.ErrorText(err))
			}
			return a.Push(lua.LString(name))
		}},
		{"tohostname", func(a stdlib.Args) int {
			host := a.String(1)
			var names []string
			var err error
			vm.Unlocked(a.L, func(ctx context.Context) { names, err = net.DefaultResolver.LookupAddr(ctx, host) })
			if err != nil || len(names) == 0 {
				return failed(a, errNoHost.Error())
			}
			name := strings.TrimSuffix(names[0], ".")
			return a.Push(lua.LString(name), hostTable(a.L, name, host))
		}},
		{"toip", func(a stdlib.Args) int {
			host := a.String(1)
			addresses, err := lookup(a.L, host)
			if err != nil {
				return failed(a, errNoHost.Error())
			}
			ips := make([]string, len(addresses))
			for i, address := range addresses {
				ips[i] = address.String()
			}
			return a.Push(lua.LString(ips[0]), hostTable(a.L, host, ips...))
		}},
	})
}

// hostTable is what LuaSocket tells about a host besides its name or address.
func hostTable(L *lua.LState, name string, addresses ...string) *lua.LTable {
	info, ips := L.NewTable(), L.NewTable()
	for _, address := range addresses {
		ips.Append(lua.LString(address))
	}
	info.RawSetString("name", lua.LString(name))
	info.RawSetString("alias", L.NewTable())
	info.RawSetString("ip", ips)
	return info
}

func addressList(L *lua.LState, addresses []netip.Addr) *lua.LTable {
	list := L.NewTable()
	for _, address := range addresses {
		entry := L.NewTable()
		entry.RawSetString("family", lua.LString(familyNames[familyOf(address)]))
		entry.RawSetString("addr", lua.LString(address.String()))
		list.Append(entry)
	}
	return list
}

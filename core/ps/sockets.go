package ps

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"avescript/core/connection"
	"avescript/core/persona"
	"avescript/core/process"
)

// sockets are the TCP sockets of processes of this system that may be looked at.
type sockets struct {
	listening map[int][]connection.Address // by pid, to connect to from this host
	makers    map[int][]int                // by pid, the users who made these sockets
	ends      map[end]Peer
}

// end is one end of a connection.
type end struct {
	local  netip.AddrPort
	remote uint16 // the port
}

// A socket that the kernel lists.
type socket struct {
	local, remote netip.AddrPort
	listens       bool
	uid           int // of the user who made it
}

func readSockets(programs []process.Program) *sockets {
	byInode := map[string]socket{}
	for _, name := range []string{"tcp", "tcp6"} {
		text, _ := os.ReadFile("/proc/net/" + name) // a kernel need not know IPv6
		for line := range strings.Lines(string(text)) {
			if inode, s, ok := parseSocket(line); ok {
				byInode[inode] = s
			}
		}
	}
	all := &sockets{listening: map[int][]connection.Address{}, makers: map[int][]int{}, ends: map[end]Peer{}}
	for _, p := range programs {
		account := persona.NameOf(p.UID)
		for _, inode := range inodes(p.PID) {
			s, ok := byInode[inode]
			switch {
			case !ok:
			case s.listens:
				all.makers[p.PID] = append(all.makers[p.PID], s.uid)
				address := reachable(s.local)
				if !slices.Contains(all.listening[p.PID], address) {
					all.listening[p.PID] = append(all.listening[p.PID], address)
				}
			default:
				all.ends[end{s.local, s.remote.Port()}] = Peer{Name: p.Comm, PID: p.PID, Account: account}
			}
		}
	}
	return all
}

// reachable is the address for connecting to a listening socket from this host.
func reachable(local netip.AddrPort) connection.Address {
	if local.Addr().IsUnspecified() {
		return connection.Address{Host: "127.0.0.1", Port: int(local.Port())}
	}
	return connection.Address{Host: local.Addr().String(), Port: int(local.Port())}
}

// peer is the process of a client of a service, nil if it is not on this host. The client
// is a host and a port.
func (s *sockets) peer(client *[2]any, service int) *Peer {
	if client == nil {
		return nil
	}
	host, _ := client[0].(string)
	port, _ := client[1].(float64)
	address, err := netip.ParseAddr(host)
	if err != nil {
		return nil
	}
	if p, ok := s.ends[end{netip.AddrPortFrom(address.Unmap(), uint16(port)), uint16(service)}]; ok {
		return &p
	}
	return nil
}

// inodes are the inodes of a process's sockets; none if this user may not look at them.
func inodes(pid int) (numbers []string) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		target, _ := os.Readlink(dir + "/" + e.Name())
		if number, ok := strings.CutPrefix(target, "socket:["); ok {
			numbers = append(numbers, strings.TrimSuffix(number, "]"))
		}
	}
	return numbers
}

// parseSocket reads a line of /proc/net/tcp or tcp6; see proc_net_tcp in the kernel's
// documentation.
func parseSocket(line string) (inode string, s socket, ok bool) {
	const stateListens = "0A"
	fields := strings.Fields(line)
	if len(fields) < 10 {
		return "", s, false
	}
	var errs [3]error
	s.local, errs[0] = parseEnd(fields[1])
	s.remote, errs[1] = parseEnd(fields[2])
	s.uid, errs[2] = strconv.Atoi(fields[7])
	s.listens = fields[3] == stateListens
	return fields[9], s, errors.Join(errs[:]...) == nil
}

// parseEnd reads an address, whose words of four bytes have the order of the host, and a
// port. All hosts that we build for are little-endian.
func parseEnd(text string) (netip.AddrPort, error) {
	digits, number, _ := strings.Cut(text, ":")
	bytes, err := hex.DecodeString(digits)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for word := range slices.Chunk(bytes, 4) {
		slices.Reverse(word)
	}
	address, ok := netip.AddrFromSlice(bytes)
	port, err := strconv.ParseUint(number, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("wanted ADDRESS:PORT in hexadecimal, got %q", text)
	}
	return netip.AddrPortFrom(address.Unmap(), uint16(port)), nil
}

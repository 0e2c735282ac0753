package lab

import (
	"errors"
	"io/fs"
	"net"
	"net/url"
	"strings"

	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/wire"
)

// cluster checks what a hub of a cluster on this host needs: the way to the other hubs.
func (d *doctor) cluster() {
	dirs := []string{link.ServiceDir}
	if own, err := DefaultDir(); err == nil {
		dirs = append(dirs, own)
	}
	for _, dir := range dirs {
		c, err := hub.ReadCluster(dir)
		switch {
		case err != nil && !errors.Is(err, fs.ErrPermission):
			d.bad("cluster", "%v", err)
		case err == nil && c != nil:
			d.routes(dir, *c)
		}
	}
}

func (d *doctor) routes(dir string, c hub.Cluster) {
	me := hubName(c.Hubs[c.Me])
	well := true
	if err := connects(c.Route(c.Me)); err != nil {
		well = false
		d.bad("hub "+me, "it does not run, or its name is not that of this host: %v: its files are in %s", err, dir)
	}
	for i, address := range c.Hubs {
		if i == c.Me {
			continue
		}
		if !d.visit("", address) {
			well = false
		} else if err := connects(c.Route(i)); err != nil {
			well = false
			d.bad("hub "+hubName(address), "it runs, but %s cannot connect to it: %v: open this port for the other hubs", me, err)
		}
	}
	if well {
		d.good("hub "+me, "it can reach the other hubs")
	}
}

// connects reports whether somebody listens at an address.
func connects(address string) error {
	conn, err := net.DialTimeout("tcp", address, checkTime)
	if err != nil {
		return err
	}
	return conn.Close()
}

// visit checks the way to a hub of a cluster, once, and reports whether it is there.
func (d *doctor) visit(pin, address string) bool {
	well, known := d.visited[address]
	if known {
		return well
	}
	err := d.reach(pin, address)
	if err != nil {
		d.bad("hub "+hubName(address), "%v", err)
	}
	d.visited[address] = err == nil
	return err == nil
}

// anyHub checks the way to all hubs of a cluster that a configuration names, and reports
// whether one is there.
func (d *doctor) anyHub(c link.Config) (found bool) {
	for address := range strings.SplitSeq(c.URL+","+c.Others, ",") {
		if d.visit(c.Pin, hostOf(address)) {
			found = true
		}
	}
	return found
}

// hubs checks what the hub that leads says of the others.
func (d *doctor) hubs(c link.Config, hubs []wire.LabHub) {
	var all hub.Cluster
	well, leads := len(hubs) > 0, ""
	for _, h := range hubs {
		all.Hubs = append(all.Hubs, h.Name)
		if h.Leads {
			leads = hubName(h.Name)
		}
	}
	for i, h := range hubs {
		address := h.Name
		if address == hostOf(c.Public) {
			address = hostOf(c.URL) // this host reaches it so
		}
		switch {
		case !d.visit(c.Pin, address):
			well = false
		case h.Away:
			well = false
			d.bad("hub "+hubName(h.Name), "it runs, but %s, which leads, has no contact with it: see its log, and check that the other hubs can connect to %s", leads, all.Route(i))
		}
	}
	if well {
		d.good("hubs", "all %d are connected, %s leads", len(hubs), leads)
	}
}

// hostOf is the address in a URL.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	return u.Host
}

package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// nearest says why no host that is known could ever meet needs, with the nearest that
// exists: "no host has 3 relays together: lab-3 has 2 (1 of them set aside)".
func (s *State) nearest(sh *shape) string {
	hosts := sorted(s.hosts)
	if len(hosts) == 0 {
		return "there is no host"
	}
	tagged := slices.DeleteFunc(slices.Clone(hosts), func(h *host) bool { return !h.tagged(sh.tags) })
	if len(tagged) == 0 {
		return s.nearestTags(sh, hosts)
	}
	with := ""
	if tags := s.telling(sh.tags); len(tags) > 0 {
		with = " with " + strings.Join(tags, " and ")
	}
	biggest := slices.MaxFunc(tagged, func(a, b *host) int { return cmp.Compare(a.inventory.Cores, b.inventory.Cores) })
	if biggest.inventory.Cores < sh.cores {
		return fmt.Sprintf("no host%s has %s: %s has %d", with, count(sh.cores, "core"), biggest.name, biggest.inventory.Cores)
	}
	biggest = slices.MaxFunc(tagged, func(a, b *host) int { return cmp.Compare(a.inventory.Memory, b.inventory.Memory) })
	if biggest.inventory.Memory < sh.memory {
		return fmt.Sprintf("no host%s has %s of memory: %s has %s", with, size(sh.memory), biggest.name, size(biggest.inventory.Memory))
	}
	return s.nearestEquipment(sh, tagged, with)
}

// telling are the tags that say something about why a job waits. Every job names the
// architecture of its program, which says nothing where all hosts have the same.
func (s *State) telling(tags []string) []string {
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
		if !strings.HasPrefix(tag, "arch=") {
			return false
		}
		for _, h := range s.hosts {
			if !h.tags[tag] {
				return false
			}
		}
		return true
	})
}

// nearestTags is about a tag that is missing.
func (s *State) nearestTags(sh *shape, hosts []*host) string {
	for _, tag := range sh.tags {
		key, _, _ := strings.Cut(tag, "=")
		var others []string
		exists := false
		for _, h := range hosts {
			exists = exists || h.tags[tag]
			for _, other := range h.inventory.Tags {
				if other == key || strings.HasPrefix(other, key+"=") {
					others = append(others, other)
				}
			}
		}
		if exists {
			continue
		}
		slices.Sort(others)
		others = slices.Compact(others)
		if len(others) == 0 {
			return fmt.Sprintf("no host has the tag %s", tag)
		}
		return fmt.Sprintf("no host has the tag %s: there are %s", tag, shorten(others))
	}
	return fmt.Sprintf("no host has the tags %s together", strings.Join(sh.tags, " and "))
}

// nearestEquipment is about equipment, or about a combination that no host has.
func (s *State) nearestEquipment(sh *shape, tagged []*host, with string) string {
	if len(sh.wants) == 0 {
		return fmt.Sprintf("no host%s has %s and %s of memory together", with, count(sh.cores, "core"), size(sh.memory))
	}
	text := fmt.Sprintf("no host%s has %s", with, sh.equipment())
	if len(sh.wants) > 1 {
		text += " together"
	}
	var best *fit
	most := 0
	for _, h := range tagged {
		f := &fit{host: h}
		for _, w := range sh.wants {
			f.add(w)
		}
		if n := f.most(func(*piece) status { return free }); n > most {
			best, most = f, n
		}
	}
	switch {
	case best == nil:
		return text
	case most == len(sh.wants) && best.stacked > 0 && sh.cores <= best.host.inventory.Cores && sh.memory <= best.host.inventory.Memory:
		return text + ": " + best.host.name + " has them in different stacks"
	case most == len(sh.wants):
		return text + " and enough cores and memory: " + best.host.name + " has the equipment"
	}
	return text + ": " + best.host.name + " has " + best.has(sh)
}

// has says what a host has of the equipment that is wanted.
func (f *fit) has(sh *shape) string {
	var parts []string
	all := 0
	var aside []*piece
	for i, w := range sh.wants {
		first := slices.IndexFunc(sh.wants, func(other want) bool { return other.text() == w.text() })
		if first != i {
			continue
		}
		n := len(f.wants[i].pieces)
		for _, p := range f.wants[i].pieces {
			if p.aside != nil && !slices.Contains(aside, p) {
				aside = append(aside, p)
			}
		}
		if n > 0 {
			parts = append(parts, count(n, w.text()))
			all += n
		}
	}
	text := strings.Join(parts, " and ")
	if len(sh.names()) == 1 {
		text = strconv.Itoa(all)
	}
	if len(aside) > 0 {
		text += fmt.Sprintf(" (%d of them set aside)", len(aside))
	}
	return text
}

// equipment is what is wanted, for people: "2 relays and 1 handset".
func (sh *shape) equipment() string {
	var parts []string
	for _, name := range sh.names() {
		n := 0
		for _, w := range sh.wants {
			if w.text() == name {
				n++
			}
		}
		parts = append(parts, count(n, name))
	}
	return strings.Join(parts, " and ")
}

// names lists the different texts of what is wanted, in order.
func (sh *shape) names() (names []string) {
	for _, w := range sh.wants {
		if !slices.Contains(names, w.text()) {
			names = append(names, w.text())
		}
	}
	return names
}

// text is what is wanted, for people: its type, or all its properties if there are others.
func (w want) text() string {
	if w.kind != "" && w.profile.Len() == 1 {
		return w.kind
	}
	return w.profile.String()
}

// count is a number of things: "1 relay", "2 relays". Profiles have no plural.
func count(n int, name string) string {
	if n != 1 && !strings.HasPrefix(name, "{") {
		name += "s"
	}
	return fmt.Sprintf("%d %s", n, name)
}

// size is a number of bytes for people.
func size(bytes int64) string {
	const unit = 1 << 20
	if bytes < 1<<30 {
		return fmt.Sprintf("%.0f MB", float64(bytes)/unit)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/(unit<<10))
}

// shorten lists names, but not too many.
func shorten(names []string) string {
	const most = 4
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

package wire

import (
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// MachineTags are the tags that every host finds itself: "arch=amd64", "host=NAME",
// "kernel=6.1" and "os=debian12".
func MachineTags(name string, given ...string) []string {
	tags := []string{ArchTag(), "host=" + name}
	if system := systemOf("/etc/os-release"); system != "" {
		tags = append(tags, "os="+system)
	}
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		release := unix.ByteSliceToString(uts.Release[:])
		if parts := strings.SplitN(release, ".", 3); len(parts) >= 2 {
			tags = append(tags, "kernel="+parts[0]+"."+strings.TrimRight(parts[1], "-abcdefghijklmnopqrstuvwxyz+"))
		}
	}
	tags = append(tags, given...)
	slices.Sort(tags)
	return slices.Compact(tags)
}

// systemOf is the name and version of the operating system, such as debian12.
func systemOf(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return runtime.GOOS
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[key] = strings.Trim(value, `"'`)
	}
	return values["ID"] + values["VERSION_ID"]
}

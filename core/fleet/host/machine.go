package host

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"avescript/core/fleet/wire"
)

// tagsOf are the tags that a host finds itself, such as os=debian12, and the given ones.
func tagsOf(name string, given []string) []string {
	tags := []string{wire.ArchTag(), "host=" + name}
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

// memoryInfo reads a line of /proc/meminfo, in bytes.
func memoryInfo(key string) int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for scanner := bufio.NewScanner(bytes.NewReader(text)); scanner.Scan(); {
		fields := strings.Fields(scanner.Text())
		if len(fields) >= 2 && fields[0] == key+":" {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n << 10
		}
	}
	return 0
}

func totalMemory() int64 { return memoryInfo("MemTotal") }

// load is how many processes want to run, the mean of a minute.
func load() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}

// freeDisk is how many bytes can be written below a directory.
func freeDisk(dir string) int64 {
	var stat unix.Statfs_t
	if unix.Statfs(filepath.Clean(dir), &stat) != nil {
		return 0
	}
	return int64(stat.Bavail) * stat.Bsize
}

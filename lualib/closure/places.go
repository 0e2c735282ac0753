package closure

import (
	"os"
	"path/filepath"
	"strings"
)

// searchPath returns package.path with absolute templates.
func (u *unpacker) searchPath(path string) string {
	if u.base == "" {
		return path
	}
	templates := strings.Split(path, ";")
	for i, template := range templates {
		if template != "" && !filepath.IsAbs(template) {
			templates[i] = filepath.Join(u.base, template)
		}
	}
	return strings.Join(templates, ";")
}

// sourceName returns the name of a chunk, made absolute if it is the name of a
// file. Traces and coverage look for the file under this name.
func (u *unpacker) sourceName(name string) string {
	if u.base == "" || filepath.IsAbs(name) {
		return name
	}
	path := filepath.Join(u.base, name)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return name
	}
	return path
}

package page

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
)

// types are those of the page's files.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// etags are those of the page's files: a browser asks each time, and gets a file only if it
// is another one.
var etags = func() map[string]string {
	tags := map[string]string{}
	_ = fs.WalkDir(web, "web", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(web, name)
		sum := sha256.Sum256(text)
		tags[name] = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		return err
	})
	return tags
}()

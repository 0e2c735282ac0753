// Package webpage writes pages of HTML that are one file and need no network. A page's
// own policy forbids the network, and every script and style but its own: so nothing
// runs that gets out of its data.
//
// It does without html/template: with text/template in the program the linker
// could no longer leave out methods that nobody calls.
package webpage

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html"
	"io"
	"strings"
)

// Write writes the page whose frame and looks are html/page.html and html/page.css
// of sources. The data are JSON in which < is written as \u003c, as encoding/json
// does it, so that no tag can end the element that they are in.
func Write(w io.Writer, sources embed.FS, title, script string, data []byte) error {
	style := Source(sources, "page.css")
	_, err := strings.NewReplacer(
		"{{title}}", html.EscapeString(title),
		"{{style}}", style, "{{style-hash}}", integrity(style),
		"{{script}}", script, "{{script-hash}}", integrity(script),
		"{{data}}", string(data),
	).WriteString(w, Source(sources, "page.html"))
	return err
}

// Source is the text of a file in html/.
func Source(sources embed.FS, name string) string {
	text, err := sources.ReadFile("html/" + name)
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(text)
}

// integrity is how the page's policy names a script or a style.
func integrity(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Package webpage writes HTML pages that are one file and work without a network. The
// content security policy of a page forbids network access, and all scripts and styles
// except its own, so nothing in its data can run.
//
// It does not use html/template: with text/template in the program, the linker could no
// longer remove methods that are never called.
package webpage

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html"
	"io"
	"strings"
)

// Page is the content of a page.
type Page struct {
	Title  string // text
	Body   string // HTML
	Script string

	// Data is JSON in which < is written as \u003c, as encoding/json does, so that no
	// tag in it can end its element.
	Data []byte
}

// Write writes a page. Its frame and its styles are html/page.html and html/page.css in
// sources.
func Write(w io.Writer, sources embed.FS, p Page) error {
	style := Source(sources, "page.css")
	_, err := strings.NewReplacer(
		"{{title}}", html.EscapeString(p.Title),
		"{{style}}", style, "{{style-hash}}", integrity(style),
		"{{script}}", p.Script, "{{script-hash}}", integrity(p.Script),
		"{{body}}", p.Body, "{{data}}", string(p.Data),
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

// integrity is the hash of a script or a style in the page's policy.
func integrity(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

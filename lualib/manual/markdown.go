package manual

import (
	"fmt"
	"strings"
)

// Markdown returns the manual as Markdown files, by name: a page for each module,
// and README.md, which lists them.
func Markdown() map[string]string {
	files := map[string]string{}
	index := &markdown{}
	index.heading(1, "", "The API")
	index.paragraph("All modules and their contents. These pages are generated from the stubs in `lualib/meta`; `avescript doc NAME` shows the same text in a terminal.")
	var lines []string
	for _, module := range Modules() {
		m := &markdown{}
		writePage(m, module)
		name := module.Name + m.extension()
		files[name] = m.String()
		lines = append(lines, m.code(module.Name, name)+": "+page{m, module}.inline(module, module.Summary()))
	}
	index.list(lines)
	files["README.md"] = index.String()
	return files
}

type markdown struct{ strings.Builder }

func (m *markdown) text(s string) string {
	return strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`, "[", `\[`).Replace(s)
}

func (m *markdown) strong(s string) string { return "**" + m.text(s) + "**" }
func (m *markdown) extension() string      { return ".md" }

func (m *markdown) code(s, link string) string {
	if link == "" {
		return "`" + s + "`"
	}
	return "[`" + s + "`](" + link + ")"
}

func (m *markdown) heading(level int, anchor, line string) {
	if anchor != "" {
		fmt.Fprintf(m, "<a id=\"%s\"></a>\n\n", anchor)
	}
	fmt.Fprintf(m, "%s %s\n\n", strings.Repeat("#", level), line)
}

func (m *markdown) paragraph(line string) { fmt.Fprintf(m, "%s\n\n", line) }

func (m *markdown) list(lines []string) {
	for _, line := range lines {
		fmt.Fprintf(m, "- %s\n", line)
	}
	m.WriteString("\n")
}

func (m *markdown) block(code string) { fmt.Fprintf(m, "```lua\n%s\n```\n\n", code) }

package check

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// Comments for luacheck switch findings off, by the rules of luacheck: "--
// luacheck: ignore" after code applies to its line; on a line of its own, to the
// rest of the function, or to the lines between "push" and "pop". "globals" names
// existing globals.

// ignored is a range of lines for which findings are switched off.
type ignored struct {
	first, last int
	patterns    []string // codes of luacheck, and names; none means all
}

// readComments returns what the comments in a source switch off, and the globals
// that they name.
func readComments(source string, n *names) (off []ignored, globals map[string]bool) {
	lines := strings.Split(source, "\n")
	globals = map[string]bool{}
	var pushed []int // the length of off at each push
	for line := 1; line <= len(lines); line++ {
		comment := strings.TrimLeft(strings.TrimPrefix(n.tree.Comments[line], "--"), " \t")
		options, ok := strings.CutPrefix(comment, "luacheck:")
		if !ok {
			continue
		}
		alone := strings.HasPrefix(strings.TrimSpace(lines[line-1]), "--")
		for part := range strings.SplitSeq(options, ",") {
			words := strings.Fields(part)
			if len(words) > 0 && words[0] == "push" {
				pushed, words = append(pushed, len(off)), words[1:]
			}
			switch {
			case len(words) == 0:
			case words[0] == "pop" && len(pushed) > 0:
				for i := pushed[len(pushed)-1]; i < len(off); i++ {
					off[i].last = min(off[i].last, line)
				}
				pushed = pushed[:len(pushed)-1]
			case words[0] == "ignore" && alone:
				off = append(off, ignored{line, endAround(n.functions, line, len(lines)), words[1:]})
			case words[0] == "ignore":
				off = append(off, ignored{line, line, words[1:]})
			case slices.Contains(words[:min(2, len(words))], "globals"):
				for _, name := range words[slices.Index(words, "globals")+1:] {
					globals[name] = true
				}
			}
		}
	}
	return off, globals
}

// endAround returns the last line of the innermost function around a line, or of
// the file.
func endAround(functions []*ast.FunctionExpr, line, end int) int {
	for _, fn := range functions {
		if fn.Line() < line && line <= fn.LastLine() {
			end = min(end, fn.LastLine())
		}
	}
	return end
}

// covers reports whether a finding is switched off.
func (i ignored) covers(f Finding) bool {
	if f.Line < i.first || f.Line > i.last {
		return false
	}
	return len(i.patterns) == 0 || slices.ContainsFunc(i.patterns, func(pattern string) bool {
		code, name, both := strings.Cut(pattern, "/")
		if both {
			return isLike(f.Kind.code(), code) && isLike(f.name, name)
		}
		return isLike(f.Kind.code(), pattern) || isLike(f.name, pattern)
	})
}

// isLike reports whether a pattern of luacheck, usually a number such as "21.",
// matches the beginning of a text. An invalid regular expression matches
// everything.
func isLike(text, pattern string) bool {
	re, err := regexp.Compile("^(?:" + pattern + ")")
	return err != nil || re.MatchString(text)
}

package avescript_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The house and its dependencies are what docs/design.md says. A message says what
// to do.

// floors are the packages from the ground up. A package may import those of its own
// floor and of the floors below. Every package has one.
var floors = [][]string{
	{"core/..."},
	// How Go is shown to Lua, whatever it is.
	{"lualib/bytecode", "lualib/compiled", "lualib/number", "lualib/mainloop", "lualib/stdlib", "lualib/syntax", "lualib/codec", "lualib/vm", "lualib/bind", "lualib/closure"},
	// What scripts see. It is for every script: it knows nothing of those who run one.
	{"lualib/modules/..."},
	// Who runs scripts, tests among them.
	{"lualib", "lualib/manual", "lualib/script", "lualib/measure", "lualib/show", "lualib/repl", "lualib/check", "lualib/bundler", "lualib/project", "lualib/suite", "lualib/runner", "lualib/child"},
	{"cmd/..."},
}

// neighbours are the modules that a package of lualib/modules may import beside those
// below it. What several need belongs to bind or vm.
var neighbours = map[string][]string{
	"lualib/modules/broker":  {"lualib/modules/data", "lualib/modules/process", "lualib/modules/service"},
	"lualib/modules/service": {"lualib/modules/network", "lualib/modules/process"},
}

// forTests are the packages that tests alone import.
var forTests = []string{"internal/..."}

// listed gives the packages of this module with what they import of it, without the
// module's name. Imports of tests are left out.
func listed(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{"\t"}}{{join .Imports "\t"}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		names := strings.Split(strings.TrimSpace(line), "\t")
		importer := strings.TrimPrefix(names[0], "avescript/")
		packages[importer] = nil
		for _, name := range names[1:] {
			if imported, ours := strings.CutPrefix(name, "avescript/"); ours {
				packages[importer] = append(packages[importer], imported)
			}
		}
	}
	return packages
}

func isBelow(name, dir string) bool {
	return strings.HasPrefix(name+"/", dir+"/")
}

// isAmong tells whether a package is one of a list, in which "dir/..." is all below dir.
func isAmong(pkg string, list []string) bool {
	return slices.ContainsFunc(list, func(pattern string) bool {
		dir, all := strings.CutSuffix(pattern, "/...")
		return pkg == dir || all && isBelow(pkg, dir)
	})
}

// floorOf gives the floor of a package, -1 if it has none.
func floorOf(pkg string) int {
	return slices.IndexFunc(floors, func(list []string) bool { return isAmong(pkg, list) })
}

func TestImportsPointDownwards(t *testing.T) {
	packages := listed(t)
	for importer, imports := range packages {
		if importer == "avescript" || isAmong(importer, forTests) {
			continue // the root has tests alone
		}
		if floorOf(importer) < 0 {
			t.Errorf("%s has no floor: add it to floors in design_test.go, or move it to where it belongs", importer)
		}
		for _, imported := range imports {
			switch {
			case isAmong(imported, forTests):
				t.Errorf("%s imports %s, which is for tests alone", importer, imported)
			case floorOf(imported) > floorOf(importer):
				t.Errorf("%s imports %s, which is above it (see floors in design_test.go): have the upper one call through a hook, or move what both need down",
					importer, imported)
			case areModules(importer, imported) && !slices.Contains(neighbours[importer], imported):
				t.Errorf("%s imports %s, another module: move what both need to lualib/bind or lualib/vm, or add it to neighbours in design_test.go",
					importer, imported)
			}
		}
	}
	all := slices.Collect(maps.Keys(packages))
	for _, pattern := range slices.Concat(append(floors, forTests)...) {
		if !slices.ContainsFunc(all, func(pkg string) bool { return isAmong(pkg, []string{pattern}) }) {
			t.Errorf("design_test.go names %s, where no package is: remove it", pattern)
		}
	}
	for importer, imports := range neighbours {
		for _, imported := range imports {
			if !slices.Contains(packages[importer], imported) {
				t.Errorf("%s no longer imports %s: remove it from neighbours", importer, imported)
			}
		}
	}
}

func areModules(importer, imported string) bool {
	return isBelow(importer, "lualib/modules") && isBelow(imported, "lualib/modules")
}

// The server and the client of a fleet would make the program twice as large, and slow down
// its start. They belong to cmd/avelab.
func TestAvescriptHasNoFleetInside(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./cmd/avescript").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for pkg := range strings.Lines(string(out)) {
		if strings.Contains(pkg, "nats") {
			t.Errorf("cmd/avescript links %s: have it execute avelab instead, see core/fleet/programs", strings.TrimSpace(pkg))
		}
	}
}

// house has a line of the plan in docs/design.md: how far it is indented, a directory or
// file, and its subject.
var house = regexp.MustCompile(`(?m)^( {4,})([\w./-]+(?:/|\.go))(?: +(.*))?$`)

// planned gives what the plan names, with the subjects.
func planned(design string) map[string]string {
	plan, above := map[string]string{}, map[int]string{}
	for _, line := range house.FindAllStringSubmatch(design, -1) {
		indent, name := len(line[1]), strings.TrimSuffix(line[2], "/")
		full := path.Join(above[indent-2], name)
		above[indent] = full
		plan[full] = line[3]
	}
	return plan
}

func TestDesignNamesEveryPackage(t *testing.T) {
	plan := planned(string(read(t, "docs/design.md")))
	for pkg := range listed(t) {
		if _, named := plan[pkg]; !named && pkg != "avescript" {
			t.Errorf("the package %s is not in the plan of docs/design.md: add it with its subject", pkg)
		}
	}
	for name, subject := range plan {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("docs/design.md has %s in its plan, which does not exist: remove it", name)
		}
		if subject == "" {
			t.Errorf("docs/design.md names %s without a subject: say what it is about", name)
		}
	}
}

// goFile is a file as a document names it: by its path, or without its directory where
// that has just been named.
var goFile = regexp.MustCompile("`([\\w/]+\\.go)`")

func TestDesignNamesFilesThatExist(t *testing.T) {
	known := map[string]bool{}
	for _, file := range sources(t, ".go") {
		known[file], known[path.Base(file)] = true, true
	}
	for _, found := range goFile.FindAllSubmatch(read(t, "docs/design.md"), -1) {
		if name := string(found[1]); !known[name] {
			t.Errorf("docs/design.md names %s, which does not exist: name the file where that is now", name)
		}
	}
}

var (
	required   = regexp.MustCompile(`(?m)^(?:require )?\t?(\S+) v\S+$`)
	dependency = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| [^|]+ \\|$")
)

func TestDesignNamesEveryDependency(t *testing.T) {
	needed, explained := map[string]bool{}, map[string]bool{}
	for _, found := range required.FindAllSubmatch(read(t, "go.mod"), -1) {
		needed[string(found[1])] = true
	}
	for _, found := range dependency.FindAllSubmatch(read(t, "docs/design.md"), -1) {
		explained[string(found[1])] = true
	}
	for module := range needed {
		if !explained[module] {
			t.Errorf("docs/design.md does not have %s in its table of dependencies: add it with its reason", module)
		}
	}
	for module := range explained {
		if !needed[module] {
			t.Errorf("docs/design.md has %s in its table of dependencies, which go.mod does not require: remove it", module)
		}
	}
	if len(needed) == 0 {
		t.Error("found no dependency in go.mod")
	}
}

func TestModulesAreTidy(t *testing.T) {
	for _, dir := range []string{".", "bench"} {
		tidy := exec.Command("go", "mod", "tidy", "-diff")
		tidy.Dir = dir
		var says bytes.Buffer
		tidy.Stderr = &says
		diff, err := tidy.Output()
		var failed *exec.ExitError
		switch {
		case len(diff) > 0:
			t.Errorf("%s/go.mod is not tidy: run go mod tidy in %s\n%s", dir, dir, diff)
		case errors.As(err, &failed) && strings.Contains(says.String(), "lookup"):
			t.Skipf("no module can be looked up: %s", says.String())
		case err != nil:
			t.Errorf("go mod tidy in %s: %v\n%s", dir, err, says.String())
		}
	}
}

var (
	shipped = regexp.MustCompile(`(?m)^SHIPPED := (.*)$`)
	link    = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
)

// TestLinksWork looks at those of the documents, in the sources and in a release, which
// has what the Makefile lists.
func TestLinksWork(t *testing.T) {
	list := shipped.FindSubmatch(read(t, "Makefile"))
	if list == nil {
		t.Fatal("the Makefile has no SHIPPED")
	}
	released := strings.Fields(string(list[1]))
	isReleased := func(file string) bool {
		return slices.ContainsFunc(released, func(dir string) bool { return isBelow(file, dir) })
	}
	links := map[string]string{}
	for _, document := range sources(t, ".md") {
		for _, found := range link.FindAllSubmatch(read(t, document), -1) {
			to := string(found[1])
			if strings.Contains(to, "://") {
				continue
			}
			to = filepath.Join(path.Dir(document), to)
			links[to] = document
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which does not exist", document, to)
			} else if isReleased(document) && !isReleased(to) {
				t.Errorf("%s links to %s, which a release does not have: add it to SHIPPED in the Makefile", document, to)
			}
		}
	}
	for _, page := range sources(t, ".md") {
		if isBelow(page, "docs") && links[page] == "" && links[path.Dir(page)] == "" {
			t.Errorf("no document links to %s: link it from README.md or docs/design.md", page)
		}
	}
}

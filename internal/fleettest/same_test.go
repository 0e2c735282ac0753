package fleettest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"avescript/internal/fleettest"
	"avescript/internal/netlab"
)

const mixedTest = `
local calls = 0
describe("file NUMBER", function()
	it("passes", function() print("this is NUMBER") end)
	it("is number NUMBER", function() assert.is_true(NUMBER % 10 ~= 3) end)
	it("does not break", function() print("before") assert(NUMBER % 20 ~= 7, "broken") end)
	it("works at last", { retries = 2 }, function()
		calls = calls + 1
		assert.is_true(calls == 3 or NUMBER % 25 > 0)
	end)
	pending("is not ready")
end)
if NUMBER % 50 == 11 then error("not a suite") end
`

// The same suite has the same verdicts and reports here and over three hosts.
func TestSameAsLocally(t *testing.T) {
	t.Parallel()
	f := fleettest.Start(t, netlab.New(t, "lab-1", "lab-2", "lab-3"), "lab-1", "lab-2", "lab-3")
	suite(f, 200, mixedTest)
	test := func(where string, args ...string) {
		for _, report := range []string{"terminal", "json", "junit", "tap"} {
			args = append(args, "--report", report+"="+where+"."+report)
		}
		if status := f.Avescript(user, append(append([]string{"test"}, args...), "tests")...).Status(); status != 1 {
			t.Errorf("%s the status is %d, want 1", where, status)
		}
	}
	test("here", "-j", "2")
	test("there", "--fleet")
	here, _ := verdicts(t, filepath.Join(f.Home(user), "here.json"))
	there, hosts := verdicts(t, filepath.Join(f.Home(user), "there.json"))
	if diff := cmp.Diff(here, there); diff != "" || len(here) != 196*5+4 {
		t.Errorf("there are %d results here, and %d there; -here +there:\n%s", len(here), len(there), diff)
	}
	for _, host := range []string{"lab-1", "lab-2", "lab-3"} {
		if !hosts[host] {
			t.Errorf("no test ran on %s, only on %v", host, hosts)
		}
	}
	for report, n := range normal {
		here, there := n.read(t, filepath.Join(f.Home(user), "here."+report)), n.read(t, filepath.Join(f.Home(user), "there."+report))
		if diff := cmp.Diff(here, there); diff != "" || len(here) < 200 {
			t.Errorf("%s: %d parts here, %d there; -here +there:\n%s", report, len(here), len(there), diff)
		}
	}
}

// normalizer makes reports equal that differ in hosts, workers, times and the order of files.
type normalizer struct {
	begin *regexp.Regexp // of a part
	drop  *regexp.Regexp
}

var normal = map[string]normalizer{
	"terminal": {
		regexp.MustCompile(`(?m)^`),
		regexp.MustCompile(`(?m) on lab-\d|\blab-\d  | in [0-9.]+ s$`),
	},
	"tap": {
		regexp.MustCompile(`(?m)^(not )?ok |^#|^1\.\.`),
		regexp.MustCompile(`(?m)^  (duration_ms|host): .*\n| in [0-9.]+ s$|\bok \d+ - `),
	},
	"junit": {
		regexp.MustCompile(`(?m)^  <testsuite `),
		regexp.MustCompile(` (hostname|time|timestamp)="[^"]*"|name="worker" value="\d+"| on lab-\d|\n</testsuites>`),
	},
}

// read reads the parts of a report, sorted.
func (n normalizer) read(t *testing.T, file string) (parts []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if strings.HasSuffix(file, ".terminal") { // the lists at the end have the first ones only, in this order
		lines, _, _ := strings.Cut(text, "\n\n")
		text = lines + text[strings.LastIndex(text[:len(text)-1], "\n"):]
	}
	from := 0
	for _, at := range n.begin.FindAllStringIndex(text, -1) {
		parts = append(parts, text[from:at[0]])
		from = at[0]
	}
	parts = append(parts, text[from:])
	for i := range parts {
		parts[i] = strings.TrimSpace(n.drop.ReplaceAllString(parts[i], ""))
	}
	slices.Sort(parts)
	return parts
}

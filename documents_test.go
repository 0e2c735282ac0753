package avescript_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"avescript/internal/poll"
)

// TestDocumentsRun does what the documents say. In a page
//
//   - a block ```lua is a script; if a block ```output follows, that is what it prints,
//     unless a line it prints says that a program "is missing";
//   - a block ```lua NAME is a file, which is written; with "before LINE" behind the name it
//     is put before this line of the file;
//   - a block ```console has commands behind "$ ", lines for the prompt of avescript behind
//     "> ", and between them what is printed.
//
// All blocks ```console of a page go to one shell, in a directory of its own that has the
// files. In what is printed "..." stands for anything.
func TestDocumentsRun(t *testing.T) {
	binary := buildBinary(t)
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range append(documents, "README.md") {
		blocks := codeBlocks(string(read(t, document)))
		if len(blocks) == 0 {
			continue
		}
		t.Run(document, func(t *testing.T) {
			p := page{t: t, binary: binary, dir: t.TempDir()}
			for i, b := range blocks {
				p.do(b, blocks[i+1:])
			}
		})
	}
}

// block is a piece of a document between lines of three backquotes.
type block struct {
	language, name string
	text           string
	line           int // of its first line
}

func codeBlocks(document string) (blocks []block) {
	inside := false
	for i, line := range strings.Split(document, "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !inside:
			language, name, _ := strings.Cut(info, " ")
			blocks = append(blocks, block{language: language, name: name, line: i + 2})
			inside = true
		case fence:
			inside = false
		case inside:
			blocks[len(blocks)-1].text += line + "\n"
		}
	}
	return blocks
}

// page is a document that is being tried.
type page struct {
	t      *testing.T
	binary string
	dir    string
	shell  *shell // nil until it is needed
}

func (p *page) do(b block, after []block) {
	p.t.Helper()
	switch b.language {
	case "lua":
		if b.name != "" {
			p.write(b)
			return
		}
		out, err := exec.CommandContext(p.t.Context(), p.binary, "-e", b.text).CombinedOutput()
		if err != nil {
			p.t.Errorf("line %d: %v\n%s", b.line, err, out)
		}
		if len(after) > 0 && after[0].language == "output" && !programMissing.Match(out) {
			if !printed(after[0].text).MatchString(string(out)) {
				p.t.Errorf("line %d: wanted\n%s\ngot\n%s", after[0].line, after[0].text, out)
			}
		}
	case "console":
		if p.shell == nil {
			p.shell = newShell(p.t, p.binary, p.dir)
		}
		for _, step := range stepsOf(b) {
			p.shell.do(step)
		}
	}
}

var programMissing = regexp.MustCompile(`(?m)^\S+ is missing$`)

// write makes the file of a block, or adds the block to it.
func (p *page) write(b block) {
	name, line, adds := strings.Cut(b.name, " before ")
	path, text := filepath.Join(p.dir, name), b.text
	if adds {
		before, after, found := strings.Cut("\n"+string(read(p.t, path)), "\n"+line+"\n")
		if !found {
			p.t.Fatalf("line %d: wanted the line %q in %s", b.line, line, name)
		}
		text = strings.TrimPrefix(before+"\n"+text+"\n"+line+"\n"+after, "\n")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

// printed is a pattern for what the document shows.
func printed(text string) *regexp.Regexp {
	parts := strings.Split(strings.TrimSpace(text), "...")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`^\s*` + strings.Join(parts, "(?s:.*)") + `\s*$`)
}

// step is a command, what is typed for it, and what it prints.
type step struct {
	command, typed, prints string

	line int
}

var promptLine = regexp.MustCompile(`^\S*> ?|^>> ?`)

func stepsOf(b block) (steps []step) {
	for i, line := range strings.Split(strings.TrimSuffix(b.text, "\n"), "\n") {
		command, isCommand := strings.CutPrefix(line, "$ ")
		prompt := promptLine.FindString(line)
		switch {
		case isCommand:
			steps = append(steps, step{command: command, line: b.line + i})
		case prompt != "":
			steps[len(steps)-1].typed += line[len(prompt):] + "\n"
		default:
			steps[len(steps)-1].prints += line + "\n"
		}
	}
	return steps
}

// shell runs the commands of a page.
type shell struct {
	t     *testing.T
	in    *os.File
	mu    sync.Mutex
	out   bytes.Buffer // what was printed since the last step
	steps int
}

func newShell(t *testing.T, binary, dir string) *shell {
	in, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{t: t, in: ours}
	bash := exec.Command("bash")
	bash.Dir = dir
	bash.Env = append(os.Environ(), "HOME="+dir, "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "NO_COLOR=1")
	bash.Stdin, bash.Stdout, bash.Stderr = in, s, s
	bash.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	bash.WaitDelay = 10 * time.Second // for what has left its group and holds the output
	if err := bash.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	t.Cleanup(func() {
		ours.Close()
		_ = syscall.Kill(-bash.Process.Pid, syscall.SIGKILL) // with what runs in the background
		_ = bash.Wait()
	})
	return s
}

func (s *shell) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

// do runs a step, and compares what was printed until the shell and it have come to an end.
func (s *shell) do(step step) {
	s.t.Helper()
	s.steps++
	end := fmt.Sprintf("--- end of step %d\n", s.steps)
	fmt.Fprintf(s.in, "{ %s\n} <<'TYPED'\n%sTYPED\nprintf '%%s' '%s'\n", step.command, step.typed, end)
	pattern := printed(step.prints)
	var got string
	came := poll.Holds(func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		got = strings.Replace(s.out.String(), end, "", 1)
		ended := got != s.out.String()
		inBackground := strings.HasSuffix(step.command, "&")
		if ended && (!inBackground || pattern.MatchString(got)) {
			s.out.Reset()
			return true
		}
		return false
	})
	if !came || !pattern.MatchString(got) {
		s.t.Fatalf("line %d: $ %s\nwanted\n%s\ngot\n%s", step.line, step.command, step.prints, got)
	}
}

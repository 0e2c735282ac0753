package coverage

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Result is the result of a run.
type Result struct {
	Root  string
	Files []File // sorted by name
}

// File is a counted file.
type File struct {
	Name   string // relative to the root
	Source []byte
	Lines  []Line // lines that can be executed, in order
}

// Line is a line that can be executed.
type Line struct {
	Number int // from 1
	Count  uint64
}

// Share is a number of lines, and how many of them were executed.
type Share struct {
	Covered, Lines int
}

// Percent is the percentage of executed lines; for no lines it is 100.
func (s Share) Percent() float64 {
	if s.Lines == 0 {
		return 100
	}
	return 100 * float64(s.Covered) / float64(s.Lines)
}

// String is the percentage. It is rounded down, so that 100 means all.
func (s Share) String() string {
	return fmt.Sprintf("%.1f%%", float64(int(s.Percent()*10))/10)
}

// Share is the share of the file.
func (f File) Share() Share {
	s := Share{Lines: len(f.Lines)}
	for _, line := range f.Lines {
		if line.Count > 0 {
			s.Covered++
		}
	}
	return s
}

// Missed lists the lines that were not executed. Lines with no executed line between
// them form one range.
func (f File) Missed() (ranges [][2]int) {
	open := false
	for _, line := range f.Lines {
		switch {
		case line.Count > 0:
			open = false
		case open:
			ranges[len(ranges)-1][1] = line.Number
		default:
			ranges, open = append(ranges, [2]int{line.Number, line.Number}), true
		}
	}
	return ranges
}

// Share is the share of all files together.
func (r *Result) Share() (s Share) {
	for _, f := range r.Files {
		of := f.Share()
		s.Covered, s.Lines = s.Covered+of.Covered, s.Lines+of.Lines
	}
	return s
}

// Result returns what was counted so far. Files that were removed or changed since they
// were loaded are left out, because the counts would not match their source.
func (r *Run) Result() (*Result, error) {
	paths, err := filepath.Glob(filepath.Join(r.Dir, "*"+suffix))
	if err != nil {
		return nil, err
	}
	result := &Result{Root: r.choice.Root}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("coverage: %w", err)
		}
		name, counts, err := parse(b)
		if err != nil {
			return nil, err
		}
		source, err := os.ReadFile(filepath.Join(r.choice.Root, name))
		if err != nil || fileName(name, source) != filepath.Base(path) {
			continue
		}
		f := File{Name: name, Source: source}
		for _, number := range slices.Sorted(maps.Keys(counts)) {
			f.Lines = append(f.Lines, Line{number, counts[number]})
		}
		result.Files = append(result.Files, f)
	}
	slices.SortFunc(result.Files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return result, nil
}

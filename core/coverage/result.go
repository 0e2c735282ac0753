package coverage

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Result is what a run has counted.
type Result struct {
	Root  string
	Files []File // sorted by name
}

// File is a file that was counted.
type File struct {
	Name   string // below the root
	Source []byte
	Lines  []Line // those that can be executed, in order
}

// Line is a line that can be executed.
type Line struct {
	Number int // from 1
	Count  uint64
}

// Share is how many lines there are, and how many of them were executed.
type Share struct {
	Covered, Lines int
}

// Percent is the share of the lines that were executed; of no lines it is all.
func (s Share) Percent() float64 {
	if s.Lines == 0 {
		return 100
	}
	return 100 * float64(s.Covered) / float64(s.Lines)
}

// String is the share in per cent. It is rounded down, so that 100 means all.
func (s Share) String() string {
	return fmt.Sprintf("%.1f%%", float64(int(s.Percent()*10))/10)
}

// Share is that of the file.
func (f File) Share() Share {
	s := Share{Lines: len(f.Lines)}
	for _, line := range f.Lines {
		if line.Count > 0 {
			s.Covered++
		}
	}
	return s
}

// Missed lists the lines that were not executed. Where nothing that was
// executed lies between, they are one range.
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

// Share is that of all files.
func (r *Result) Share() (s Share) {
	for _, f := range r.Files {
		of := f.Share()
		s.Covered, s.Lines = s.Covered+of.Covered, s.Lines+of.Lines
	}
	return s
}

// Result is what has been counted so far. Files that have gone or were changed
// since they were loaded are not in it: there is nothing to show the counts
// beside.
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

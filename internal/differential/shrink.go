package differential

import (
	"slices"
	"strings"
)

// shrink returns a shorter program that still fails. The function tells for each of several
// programs whether it fails; it is called a few dozen times at most.
func shrink(source string, fails func(sources []string) ([]bool, error)) (string, error) {
	lines := strings.Split(strings.TrimRight(source, "\n"), "\n")
	size := max(2, len(lines)/2)
	for size >= 0 && len(lines) > 1 {
		candidates := shorter(lines, size)
		failed, err := fails(candidates)
		if err != nil {
			return "", err
		}
		switch at := slices.Index(failed, true); {
		case at >= 0:
			lines = strings.Split(candidates[at], "\n")
			size = max(size, 1)
		case size > fine:
			size /= 2
		default:
			size--
		}
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// fine is the number of lines up to which all parts are left out, wherever they begin: a
// small block has to be left out as a whole.
const fine = 6

// shorter returns the programs without each part of a size. Size 0 stands for two lines
// that are not side by side, such as the head and the end of a block.
func shorter(lines []string, size int) (list []string) {
	switch {
	case size == 0:
		return withoutTwo(lines)
	case size > fine:
		for from := 0; from < len(lines); from += size {
			list = append(list, without(lines, from, size))
		}
	default:
		for from := range lines {
			list = append(list, without(lines, from, size))
		}
	}
	return list
}

// few is the number of lines of which all pairs are tried.
const few = 30

func withoutTwo(lines []string) (list []string) {
	for i := range min(few, len(lines)) {
		for j := i + 2; j < min(few, len(lines)); j++ {
			list = append(list, strings.Join(slices.Concat(lines[:i], lines[i+1:j], lines[j+1:]), "\n"))
		}
	}
	return list
}

func without(lines []string, from, size int) string {
	return strings.Join(slices.Concat(lines[:from], lines[min(from+size, len(lines)):]), "\n")
}

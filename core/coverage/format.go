package coverage

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"unsafe"
)

// The format of a file of counters: the number of instructions and the length of the
// name of the source file, as 32-bit numbers; the name; the line of each instruction,
// as 32-bit numbers; and, aligned to eight bytes, the counters as 64-bit numbers. The
// byte order is that of the machine, which the file does not leave. The name of the
// file depends on the source, so that the counters of two versions are not mixed.

const (
	suffix      = ".counters"
	wordSize    = 4
	counterSize = 8
)

func fileName(name string, source []byte) string {
	sum := sha256.Sum256(append([]byte(name+"\x00"), source...))
	return hex.EncodeToString(sum[:16]) + suffix
}

// headerSize is the offset of the counters.
func headerSize(name string, instructions int) int {
	size := 2*wordSize + len(name) + instructions*wordSize
	return (size + counterSize - 1) / counterSize * counterSize
}

func sizeOf(name string, lines []int32) int {
	return headerSize(name, len(lines)) + len(lines)*counterSize
}

func header(name string, lines []int32) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(len(lines)))
	b = binary.NativeEndian.AppendUint32(b, uint32(len(name)))
	b = append(b, name...)
	for _, line := range lines {
		b = binary.NativeEndian.AppendUint32(b, uint32(line))
	}
	return b
}

// countersIn returns the counters in a mapped file. They are at its end.
func countersIn(m []byte, instructions int) []uint64 {
	if instructions == 0 {
		return nil
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(&m[len(m)-instructions*counterSize])), instructions)
}

// parse returns the name of the source file, and how often each line was executed.
func parse(b []byte) (name string, lines map[int]uint64, err error) {
	const short = "coverage: wanted a file of counters, got one of %d bytes"
	if len(b) < 2*wordSize {
		return "", nil, fmt.Errorf(short, len(b))
	}
	instructions := int(binary.NativeEndian.Uint32(b))
	nameSize := int(binary.NativeEndian.Uint32(b[wordSize:]))
	if rest := len(b) - 2*wordSize; nameSize > rest || instructions > rest/(wordSize+counterSize) {
		return "", nil, fmt.Errorf(short, len(b))
	}
	name = string(b[2*wordSize:][:nameSize])
	begin := headerSize(name, instructions)
	if len(b) != begin+instructions*counterSize {
		return "", nil, fmt.Errorf(short, len(b))
	}
	words, counters := b[2*wordSize+nameSize:], b[begin:]
	lines = map[int]uint64{}
	for i := range instructions {
		line := int(binary.NativeEndian.Uint32(words[i*wordSize:]))
		count := binary.NativeEndian.Uint64(counters[i*counterSize:])
		if line > 0 {
			lines[line] = max(lines[line], count)
		}
	}
	return name, lines, nil
}

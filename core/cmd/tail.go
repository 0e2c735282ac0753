package cmd

import "strings"

// tail keeps the end of what was added to it. It consists of pieces, so that growing
// moves no data: including the final text, it needs two bytes of memory for each byte.
type tail struct {
	most   int // bytes
	size   int // bytes in all pieces
	pieces [][]byte
}

// The size of pieces grows with the output, within these limits. A short output fits
// into one.
const (
	smallestPiece = 4 << 10
	largestPiece  = 1 << 20
)

func (t *tail) add(data []byte) {
	data = data[max(0, len(data)-t.most):]
	t.size += len(data)
	for len(data) > 0 {
		last := len(t.pieces) - 1
		if last < 0 || len(t.pieces[last]) == cap(t.pieces[last]) {
			size := min(max(smallestPiece, t.size/8), largestPiece)
			t.pieces = append(t.pieces, make([]byte, 0, size))
			last++
		}
		piece := t.pieces[last]
		n := min(len(data), cap(piece)-len(piece))
		t.pieces[last], data = append(piece, data[:n]...), data[n:]
	}
	for len(t.pieces) > 0 && t.size-len(t.pieces[0]) >= t.most {
		t.size -= len(t.pieces[0])
		t.pieces[0] = nil
		t.pieces = t.pieces[1:]
	}
}

func (t *tail) text() string {
	var text strings.Builder
	text.Grow(min(t.size, t.most))
	surplus := max(0, t.size-t.most)
	for _, piece := range t.pieces {
		text.Write(piece[min(surplus, len(piece)):])
		surplus = max(0, surplus-len(piece))
	}
	return text.String()
}

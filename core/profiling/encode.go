package profiling

import (
	"compress/gzip"
	"encoding/binary"
	"io"
)

// This file writes profiles in the format of pprof: a message of protocol buffers, whose
// fields github.com/google/pprof/proto/profile.proto names. We write few of them, and
// pprof's own library compiles many regular expressions for the formats that it reads,
// whenever the program starts.

// message is a message of protocol buffers.
type message []byte

// The two wire types that profiles need.
const (
	varint    = 0
	delimited = 2
)

func (m *message) number(field int, n int64) {
	if n != 0 {
		*m = binary.AppendUvarint(*m, uint64(field<<3|varint))
		*m = binary.AppendUvarint(*m, uint64(n))
	}
}

func (m *message) bytes(field int, text string) {
	*m = binary.AppendUvarint(*m, uint64(field<<3|delimited))
	*m = binary.AppendUvarint(*m, uint64(len(text)))
	*m = append(*m, text...)
}

func (m *message) message(field int, inner message) { m.bytes(field, string(inner)) }

// numbers writes all numbers of a field in one.
func (m *message) numbers(field int, all []int64) {
	var packed message
	for _, n := range all {
		packed = binary.AppendUvarint(packed, uint64(n))
	}
	m.message(field, packed)
}

// profile is a profile that is written. Functions and locations have numbers from 1.
type profile struct {
	message
	strings map[string]int64
	table   []string
}

func newProfile() *profile { return &profile{strings: map[string]int64{"": 0}, table: []string{""}} }

// string is the index of a string.
func (p *profile) string(s string) int64 {
	i, ok := p.strings[s]
	if !ok {
		i = int64(len(p.table))
		p.strings[s] = i
		p.table = append(p.table, s)
	}
	return i
}

// valueType writes what values are, in a field of the profile.
func (p *profile) valueType(field int, name, unit string) {
	var m message
	m.number(1, p.string(name))
	m.number(2, p.string(unit))
	p.message.message(field, m)
}

// sample writes values for a stack, given as the numbers of locations.
func (p *profile) sample(stack, values []int64) {
	var m message
	m.numbers(1, stack)
	m.numbers(2, values)
	p.message.message(2, m)
}

func (p *profile) location(id, function int64, line int) {
	var in, m message
	in.number(1, function)
	in.number(2, int64(line))
	m.number(1, id)
	m.message(4, in)
	p.message.message(4, m)
}

func (p *profile) function(id int64, name, file string, line int) {
	var m message
	m.number(1, id)
	m.number(2, p.string(name))
	m.number(3, p.string(name)) // as the system knows it
	m.number(4, p.string(file))
	m.number(5, int64(line))
	p.message.message(5, m)
}

// write writes the profile, whose strings come last.
func (p *profile) write(w io.Writer) error {
	for _, s := range p.table {
		p.bytes(6, s)
	}
	zipped := gzip.NewWriter(w)
	if _, err := zipped.Write(p.message); err != nil {
		return err
	}
	return zipped.Close()
}

package bundle

import (
	"encoding/binary"
	"errors"
	"io"
)

// See elf(5). All systems that we build for have 64 bits and are little-endian.
const (
	headerLength  = 64
	sectionLength = 64

	kindOffset       = 4 // of a section: its type
	placeOffset      = 24
	sizeOffset       = 32
	kindWithoutBytes = 8 // SHT_NOBITS

	maxProgram = 1 << 40 // bytes: no executable of ours is larger
)

// programEnd is where the sections of an executable and the list of them end. This is its
// size if nothing was appended to it.
func programEnd(file io.ReaderAt) (int64, error) {
	page := make([]byte, 4<<10) // Go's linker writes the list of sections here, too
	n, err := file.ReadAt(page, 0)
	if n < headerLength || string(page[:6]) != "\x7fELF\x02\x01" {
		return 0, errors.Join(errors.New("wanted an executable of 64 bits"), err)
	}
	place := int64(binary.LittleEndian.Uint64(page[0x28:]))
	each, count := int64(binary.LittleEndian.Uint16(page[0x3a:])), int64(binary.LittleEndian.Uint16(page[0x3c:]))
	if place <= 0 || place > maxProgram || each != sectionLength || count == 0 {
		return 0, errors.New("wanted an executable with sections")
	}
	list := page[:n]
	if place+each*count > int64(n) {
		list = make([]byte, each*count)
		if _, err := file.ReadAt(list, place); err != nil {
			return 0, err
		}
	} else {
		list = list[place:]
	}
	end := place + each*count
	for i := range count {
		section := list[i*each:]
		if binary.LittleEndian.Uint32(section[kindOffset:]) == kindWithoutBytes {
			continue
		}
		begin, size := binary.LittleEndian.Uint64(section[placeOffset:]), binary.LittleEndian.Uint64(section[sizeOffset:])
		if begin > maxProgram || size > maxProgram {
			return 0, errors.New("wanted an executable whose sections are in the file")
		}
		end = max(end, int64(begin+size))
	}
	return end, nil
}

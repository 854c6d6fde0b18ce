package rewrite

import (
	"encoding/binary"
	"unicode/utf16"
)

// inUTF8 changes a text in UTF-16, which begins with a byte order mark.
func inUTF8(text []byte, change func([]byte) []byte) []byte {
	little := text[0] == 0xff
	unit := func(i int) uint16 {
		if little {
			return uint16(text[i]) | uint16(text[i+1])<<8
		}
		return uint16(text[i+1]) | uint16(text[i])<<8
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, unit(i))
	}
	plain := []byte(string(utf16.Decode(units)))
	with := change(plain)
	if string(with) == string(plain) {
		return text
	}
	out := append(make([]byte, 0, 2*len(with)+2), text[:2]...)
	for _, u := range utf16.Encode([]rune(string(with))) {
		if little {
			out = binary.LittleEndian.AppendUint16(out, u)
		} else {
			out = binary.BigEndian.AppendUint16(out, u)
		}
	}
	return out
}

package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a stream of server-sent events, in bytes.
const (
	maxLine    = 256 << 10
	maxMessage = 1 << 20
)

// errTooLong says that a stream is not from Pressrun, whose lines and messages are shorter.
var errTooLong = errors.New("the stream of events has a line or message that is too long")

// message is a server-sent event.
type message struct{ id, name, data string }

// messageReader reads server-sent events (WHATWG HTML, section 9.2.6).
type messageReader struct {
	in *bufio.Reader
	// heard is called for every line: it shows that the sender is alive.
	heard func()
	id    string
	begun bool
	// afterCR says that the last line ended with a CR, whose LF may follow.
	afterCR bool
}

func newMessageReader(in io.Reader) *messageReader {
	return &messageReader{in: bufio.NewReaderSize(in, 32<<10), heard: func() {}}
}

// next reads up to the next message that carries data. A message that the stream breaks
// off in the middle of is dropped, as the standard says.
func (r *messageReader) next() (message, error) {
	var m message
	var data strings.Builder
	lines := 0
	for {
		line, err := r.line()
		if err != nil {
			return message{}, err
		}
		r.heard()
		if line == "" {
			if lines == 0 {
				m.name = ""
				continue
			}
			m.id, m.data = r.id, data.String()
			return m, nil
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "data":
			if data.Len()+len(value) > maxMessage {
				return message{}, errTooLong
			}
			if lines > 0 {
				data.WriteByte('\n')
			}
			data.WriteString(value)
			lines++
		case "event":
			m.name = value
		case "id":
			if !strings.Contains(value, "\x00") {
				r.id = value
			}
		default: // a comment, retry, or an unknown field
		}
	}
}

// line reads a line that ends with LF, CR or both.
func (r *messageReader) line() (string, error) {
	var line []byte
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return "", io.ErrUnexpectedEOF
			}
			return "", fmt.Errorf("read the stream of events: %w", err)
		}
		skip := r.afterCR && c == '\n'
		r.afterCR = c == '\r'
		switch {
		case skip:
			continue
		case c == '\n' || c == '\r':
			return string(r.withoutMark(line)), nil
		case len(line) == maxLine:
			return "", errTooLong
		}
		line = append(line, c)
	}
}

// withoutMark drops the byte order mark with which a stream may begin.
func (r *messageReader) withoutMark(line []byte) []byte {
	if r.begun {
		return line
	}
	r.begun = true
	return bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
}

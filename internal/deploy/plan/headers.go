package plan

import (
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// headerEncoder adds an encoding to header sets. It makes each pair once, and shares its
// string.
type headerEncoder map[[2]string]store.Headers

func (m headerEncoder) add(h store.Headers, encoding string) (store.Headers, error) {
	if encoding == "" {
		return h, nil
	}
	id := [2]string{string(h), encoding}
	if known, ok := m[id]; ok {
		return known, nil
	}
	made, err := h.With(rules.EncodingHeader, encoding)
	if err == nil {
		m[id] = made
	}
	return made, err
}

//go:build !unix

package doctor

import "errors"

func freeBytes(string) (int64, error) {
	return 0, errors.New("how full a disk is can't be asked on this system")
}

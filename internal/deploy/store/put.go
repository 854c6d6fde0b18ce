package store

import (
	"bytes"
	"crypto/sha256"

	"github.com/minio/crc64nvme"
)

// SmallPut is the write of a small body, with its sums.
func SmallPut(key string, headers Headers, body []byte, cond Condition) Put {
	return Put{
		Key: key, Headers: headers, Size: int64(len(body)), Sum: sha256.Sum256(body),
		CRC: crc64nvme.Checksum(body), Body: bytes.NewReader(body), If: cond,
	}
}

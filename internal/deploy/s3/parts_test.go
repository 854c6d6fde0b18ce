package s3_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/servers"
)

// lossy carries requests out and loses the answers to those that lose tells of.
type lossy struct{ lose func(*http.Request) bool }

func (l lossy) Do(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultClient.Do(r)
	if err == nil && l.lose(r) {
		response.Body.Close()
		return nil, &url.Error{Op: r.Method, URL: r.URL.Path, Err: io.ErrUnexpectedEOF}
	}
	return response, err
}

func TestAFileInPartsIsThereWhenTheLastAnswerIsLost(t *testing.T) {
	gw := servers.StartVersityGW(t, "site")
	losses := 0
	st := open(t, "site", s3.Options{
		Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey,
		HTTPClient: lossy{func(r *http.Request) bool {
			if r.Method != http.MethodPost || !r.URL.Query().Has("uploadId") || losses > 0 {
				return false
			}
			losses++
			return true
		}},
	})
	body := bytes.Repeat([]byte("0123456789abcdef"), 17<<16)
	for _, cond := range []store.Condition{{IfAbsent: true}, {}} {
		losses = 0
		put := store.Put{
			Key: "big.zip", Headers: "content-type: application/zip\n", Size: int64(len(body)), Sum: sha256.Sum256(body),
			CRC: crc64nvme.Checksum(body), Body: bytes.NewReader(body), If: cond,
		}
		written, err := st.Put(t.Context(), put)
		if err != nil || losses != 1 {
			t.Fatalf("%d answers lost: %v", losses, err)
		}
		info, err := st.Stat(t.Context(), "big.zip")
		if err != nil || info.ETag != written.ETag || info.CRC != put.CRC {
			t.Errorf("written %+v, found %+v, %v", written, info, err)
		}
	}
}

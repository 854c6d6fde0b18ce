package s3_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

// wrongClock signs each request as a machine does whose clock is off, and which
// nobody can tell so.
type wrongClock struct {
	off    time.Duration
	access aws.Credentials
	sent   int
}

// Do signs the request anew and sends it.
func (c *wrongClock) Do(r *http.Request) (*http.Response, error) {
	c.sent++
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	r.Header.Del("X-Amz-Date")
	err := v4.NewSigner().SignHTTP(r.Context(), c.access, r, r.Header.Get("X-Amz-Content-Sha256"), "s3", servers.Region, time.Now().Add(c.off),
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(r)
}

const clockAdvice = "this machine's clock is wrong by more than 15 minutes: set it"

func TestAWrongClockIsToldAsSuch(t *testing.T) {
	gw := servers.StartVersityGW(t, "site")
	for _, off := range []time.Duration{-time.Hour, time.Hour, 10 * time.Minute} {
		clock := &wrongClock{off: off, access: aws.Credentials{AccessKeyID: gw.AccessKey, SecretAccessKey: gw.SecretKey}}
		st := open(t, "site", s3.Options{Endpoint: gw.Endpoint, Region: servers.Region, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey, MaxAttempts: 2, HTTPClient: clock})
		_, err := st.Put(t.Context(), store.SmallPut("k", "", []byte("body"), store.Condition{}))
		if off.Abs() < 15*time.Minute {
			if err != nil {
				t.Errorf("%s off: %v", off, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), clockAdvice) || errors.Is(err, store.ErrUnreachable) {
			t.Errorf("%s off: %v\ndoes not say %q", off, err, clockAdvice)
		}
	}
}

// A store's answer has the time, by which the SDK corrects itself: a clock that is
// wrong costs a deploy one request.
func TestTheStoresTimeCorrectsAWrongClock(t *testing.T) {
	refused := false
	ahead := 2 * time.Hour // of the store, before this machine
	fake := &fakes3.Server{Now: func() time.Time { return time.Now().Add(ahead) }}
	fake.Before = func(r *http.Request) *fakes3.Fault {
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err == nil && time.Until(signed) < ahead-15*time.Minute {
			refused = true
			return &fakes3.Fault{Status: http.StatusForbidden, Code: "RequestTimeTooSkewed"}
		}
		return nil
	}
	fake.Bucket("b", nil)
	st := open(t, "b", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: fake})
	for _, key := range []string{"one", "two", "three"} {
		if _, err := st.Put(t.Context(), store.SmallPut(key, "", []byte("body"), store.Condition{})); err != nil {
			t.Fatal(err)
		}
	}
	if !refused || st.Requests() != 4 {
		t.Errorf("refused: %v, %d requests", refused, st.Requests())
	}
}

package cms

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestStandardWebhooksExample is the example of the specification's libraries
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/go/webhook_test.go).
func TestStandardWebhooksExample(t *testing.T) {
	d, _ := Find("standard")
	sent := Delivery{Method: "POST", Body: []byte(`{"test": 2432232314}`), Header: newHeader(
		"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp", "1614265330",
		"webhook-signature", "v1,AAAA v1a,Zm9v v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	)}
	if err := d.Verify(sent, []string{secret}, time.Unix(1614265330, 0)); err != nil {
		t.Error(err)
	}
}

// The example of the specification's library for Go
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/go/webhook_asymmetric_test.go),
// signed by the same key and verified by both halves of it.
func TestStandardWebhooksAsymmetricExample(t *testing.T) {
	d, _ := Find("standard")
	const private = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="
	const signature = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
	at := time.Unix(1614265330, 0)
	sent := Delivery{Method: "POST", Body: []byte(`{"test": 2432232314}`), Header: newHeader("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")}
	d.Sign(&sent, private, at)
	if got := sent.Header.Get("webhook-signature"); got != signature {
		t.Errorf("signed as %s", got)
	}
	_, key := standardEd25519(private)
	public := publicKey + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	for _, known := range []string{private, public, strings.TrimRight(public, "="), privateKey + base64.StdEncoding.EncodeToString(key)} {
		for _, list := range []string{signature, "v1,AAAA " + signature + " v2,AAAA"} {
			sent.Header.Set("webhook-signature", list)
			if err := d.Verify(sent, []string{secret, known}, at); err != nil {
				t.Errorf("%s by %.9s: %v", list, known, err)
			}
		}
	}
	forged := sent
	forged.Body = []byte(`{"test": 2432232315}`)
	for name, secrets := range map[string][]string{"no key": {secret}, "a damaged key": {publicKey + "AAAA"}, "another": {publicKey + strings.Repeat("A", 43)}, "no base64": {privateKey + "?"}} {
		if d.Verify(sent, secrets, at) == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	if d.Verify(forged, []string{public}, at) == nil {
		t.Error("another body was taken")
	}
	if err := d.Verify(sent, []string{public}, at.Add(10*time.Minute)); err == nil || !strings.Contains(err.Error(), "set the clocks right") {
		t.Errorf("ten minutes later: %v", err)
	}
}

// A public key is known to all: who signs with it as with a shared secret is nobody.
func TestAPublicKeyIsNoSharedSecret(t *testing.T) {
	d, _ := Find("standard")
	const public = "whpk_7kWyEAh9YQ5tHkP1xq6W6oNVN6eYIDhZBCk0q3ZQ0Yg="
	sent := d.Sample()
	stamp := strconv.FormatInt(noon.Unix(), 10)
	sent.Header.Set("webhook-timestamp", stamp)
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(public, publicKey))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string][]byte{"as it is": []byte(public), "its bytes": raw, "its text": []byte(strings.TrimPrefix(public, publicKey))} {
		sum := mac(sha256.New, key, []byte("msg_sample."+stamp+"."), sent.Body)
		sent.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(sum))
		if d.Verify(sent, []string{public}, noon) == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}

// TestAStandardSecretNeedsNoPadding is what the specification's libraries for
// JavaScript do: they take base64 as it was copied.
func TestAStandardSecretNeedsNoPadding(t *testing.T) {
	d, _ := Find("standard")
	for _, key := range []string{"YQ==", "YWI=", "YWJj"} {
		sent := d.Sample()
		d.Sign(&sent, "whsec_"+key, noon)
		if err := d.Verify(sent, []string{"whsec_" + strings.TrimRight(key, "=")}, noon); err != nil {
			t.Errorf("%s without its padding: %v", key, err)
		}
		if d.Verify(sent, []string{"whsec_YWJk"}, noon) == nil {
			t.Errorf("%s: another key was taken", key)
		}
	}
}

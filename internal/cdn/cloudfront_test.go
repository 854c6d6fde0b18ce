package cdn

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// fakeCloudFront does what moto doesn't: the same caller reference is the same
// invalidation, other paths under it are refused, and work takes time.
type fakeCloudFront struct {
	mu    sync.Mutex
	made  []invalidation // each once
	posts int
	looks map[string]int
	// refuse gives an error for the nth POST, "" for none; lost loses the answer
	// of a POST that was carried out.
	refuse func(n int) (code string, status int)
	lost   func(n int) bool
	stuck  bool   // never completes
	looked func() // is called at each look, if it is there
}

type invalidation struct {
	XMLName   xml.Name `xml:"InvalidationBatch"`
	Reference string   `xml:"CallerReference"`
	Quantity  int      `xml:"Paths>Quantity"`
	Paths     []string `xml:"Paths>Items>Path"`
}

// ServeHTTP is the API of distribution E1.
func (c *fakeCloudFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	refuse := func(code string, status int) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error></ErrorResponse>`, code)
	}
	switch {
	case !strings.Contains(r.URL.Path, "/distribution/E1/invalidation"):
		refuse("NoSuchDistribution", http.StatusNotFound)
	case r.Method == http.MethodGet:
		id := path.Base(r.URL.Path)
		c.looks[id]++
		if c.looked != nil {
			c.looked()
		}
		status := "InProgress"
		if c.looks[id] > 1 && !c.stuck {
			status = "Completed"
		}
		_, _ = fmt.Fprintf(w, "<Invalidation><Id>%s</Id><Status>%s</Status></Invalidation>", id, status)
	default:
		c.posts++
		if c.refuse != nil {
			if code, status := c.refuse(c.posts - 1); code != "" {
				refuse(code, status)
				return
			}
		}
		c.create(w, r, refuse)
	}
}

func (c *fakeCloudFront) create(w http.ResponseWriter, r *http.Request, refuse func(string, int)) {
	var batch invalidation
	text, _ := io.ReadAll(r.Body)
	if err := xml.Unmarshal(text, &batch); err != nil || batch.Quantity != len(batch.Paths) || batch.Quantity == 0 {
		refuse("InconsistentQuantities", http.StatusBadRequest)
		return
	}
	n := slices.IndexFunc(c.made, func(i invalidation) bool { return i.Reference == batch.Reference })
	if n < 0 {
		c.made = append(c.made, batch)
		n = len(c.made) - 1
	}
	if !slices.Equal(c.made[n].Paths, batch.Paths) {
		refuse("InvalidationBatchAlreadyExists", http.StatusBadRequest)
		return
	}
	if c.lost != nil && c.lost(c.posts-1) {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintf(w, "<Invalidation><Id>I%d</Id><Status>InProgress</Status></Invalidation>", n)
}

func (c *fakeCloudFront) open(t *testing.T, distribution string) Purger {
	t.Helper()
	c.looks = map[string]int{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return cloudFrontAt(t, distribution, server.URL, "https://www.example.org")
}

func cloudFrontAt(t *testing.T, distribution, endpoint, public string) Purger {
	t.Helper()
	awsEnvironment(t)
	p, err := Open(t.Context(), Config{Address: "cloudfront:" + distribution, PublicURL: public, Tags: true, Endpoint: endpoint, Retry: quick})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func awsEnvironment(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
}

func TestCloudFrontIsToldOnceForADeploy(t *testing.T) {
	fake := &fakeCloudFront{lost: func(n int) bool { return n == 0 }}
	p := fake.open(t, "E1")
	set := Set{Site: "www", Release: 7, Sequence: 9, Tags: []string{"news"}, Paths: []string{"/a b/", "/x*y"}, Prefixes: []string{"/caf\u00e9"}}
	for range 2 {
		receipt, err := carry(t.Context(), p, set)
		if err != nil || !finished(receipt) {
			t.Fatalf("%+v, %v", receipt, err)
		}
	}
	if len(fake.made) != 1 || fake.posts != 3 {
		t.Fatalf("%d invalidations by %d calls; a lost answer and a retry make none", len(fake.made), fake.posts)
	}
	if diff := cmp.Diff([]string{"#news", "/a%20b/", "/x*y", "/caf%C3%A9*"}, fake.made[0].Paths); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(fake.made[0].Reference, "pressrun-www-7-9-") {
		t.Errorf("caller reference %q", fake.made[0].Reference)
	}
	if fake.looks["I0"] < 2 {
		t.Errorf("looked %d times; it was in progress at first", fake.looks["I0"])
	}
}

func TestCloudFrontIsWaitedForWithPatience(t *testing.T) {
	for code, status := range map[string]int{"TooManyInvalidationsInProgress": 400, "Throttling": 400, "ServiceUnavailable": 503, "SlowDown": 503, "Rate exceeded": 500} {
		t.Run(code, func(t *testing.T) {
			fake := &fakeCloudFront{refuse: func(n int) (string, int) {
				if n < 9 {
					return code, status
				}
				return "", 0
			}}
			if _, err := carry(t.Context(), fake.open(t, "E1"), Set{All: true}); err != nil {
				t.Fatal(err)
			}
			if fake.posts != 10 || !slices.Equal(fake.made[0].Paths, []string{"/*"}) {
				t.Errorf("%d calls, made %v", fake.posts, fake.made)
			}
		})
	}
}

func TestCloudFrontThatRefusesLeavesAReceipt(t *testing.T) {
	always := func(code string, status int) func(int) (string, int) {
		return func(int) (string, int) { return code, status }
	}
	for _, c := range []struct {
		distribution string
		refuse       func(int) (string, int)
		posts        int
		want         string
	}{
		{"E2", nil, 0, "does not exist in this AWS account"},
		{"E1", always("AccessDenied", 403), 1, "cloudfront:CreateInvalidation"},
		{"E1", always("TooManyInvalidationsInProgress", 400), 10, "as many invalidations in progress"},
		{"E1", always("InvalidArgument", 400), 2, "another try is refused too"},
	} {
		fake := &fakeCloudFront{refuse: c.refuse}
		set := Set{Site: "www", Paths: []string{"/a"}}
		receipt, err := carry(t.Context(), fake.open(t, c.distribution), set)
		if _, ok := errors.AsType[*PendingError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.want, err)
		}
		if !cmp.Equal(receipt.Left, set) || fake.posts != c.posts {
			t.Errorf("%s: left %+v after %d calls", c.want, receipt.Left, fake.posts)
		}
	}
}

func TestCloudFrontWithoutCredentialsSaysSoAtOnce(t *testing.T) {
	fake := &fakeCloudFront{}
	awsEnvironment(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	p, err := Open(t.Context(), Config{Address: "cloudfront:E1", Endpoint: server.URL}) // with real retry
	if err != nil {
		t.Fatal(err)
	}
	err = eventually.Returns(t, "the refusal, which no retry mends", func() error {
		_, err := carry(t.Context(), p, Set{All: true})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "no credentials were found: set AWS_ACCESS_KEY_ID") {
		t.Error(err)
	}
}

func TestCloudFrontTakesLargeSetsInBatches(t *testing.T) {
	fake := &fakeCloudFront{refuse: func(n int) (string, int) {
		if n == 1 {
			return "AccessDenied", http.StatusForbidden
		}
		return "", 0
	}}
	p := fake.open(t, "E1")
	set := Set{Site: "www", Paths: numbered(3100, "/%d"), Prefixes: numbered(20, "/p%d/")}
	receipt, err := carry(t.Context(), p, set)
	if err == nil || len(receipt.Open) != 1 || receipt.Left.Units() != 120 {
		t.Fatalf("open %v, left %d, %v", receipt.Open, receipt.Left.Units(), err)
	}
	receipt, err = resume(t.Context(), p, receipt)
	if err != nil || !finished(receipt) {
		t.Fatalf("%+v, %v", receipt, err)
	}
	var told []string
	for _, made := range fake.made {
		wild := 0
		for _, p := range made.Paths {
			if strings.HasSuffix(p, "*") {
				wild++
			}
		}
		if len(made.Paths) > 3000 || wild > 15 {
			t.Errorf("%d paths and %d wildcards at once", len(made.Paths), wild)
		}
		told = append(told, made.Paths...)
	}
	want := slices.Concat(set.Paths, numbered(20, "/p%d/*"))
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestAnInvalidationThatDoesNotEndStaysOpen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fake := &fakeCloudFront{stuck: true, looked: cancel}
	p := fake.open(t, "E1")
	receipt, err := carry(ctx, p, Set{All: true})
	if _, ok := errors.AsType[*PendingError](err); !ok || !slices.Equal(receipt.Open, []string{"I0"}) || !receipt.Left.Empty() {
		t.Fatalf("%+v, %v", receipt, err)
	}
	fake.mu.Lock()
	fake.stuck, fake.looked = false, nil
	fake.mu.Unlock()
	receipt, err = resume(t.Context(), p, receipt)
	if err != nil || !finished(receipt) || fake.posts != 1 {
		t.Errorf("%+v, %v, %d calls", receipt, err, fake.posts)
	}
}

func TestCloudFrontBelowAFolder(t *testing.T) {
	fake := &fakeCloudFront{looks: map[string]int{}}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	p := cloudFrontAt(t, "E1", server.URL, "https://www.example.org/docs/")
	if _, err := carry(t.Context(), p, Set{All: true}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/docs/*"}, fake.made[0].Paths); diff != "" {
		t.Error(diff)
	}
}

// TestMotoTakesOurInvalidations holds our requests to another's idea of the API.
func TestMotoTakesOurInvalidations(t *testing.T) {
	endpoint := servers.StartMoto(t)
	awsEnvironment(t)
	api := cloudfront.New(cloudfront.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(credentials),
	})
	made, err := api.CreateDistribution(t.Context(), &cloudfront.CreateDistributionInput{DistributionConfig: &types.DistributionConfig{
		CallerReference: aws.String("r"), Comment: aws.String(""), Enabled: aws.Bool(true),
		DefaultCacheBehavior: &types.DefaultCacheBehavior{TargetOriginId: aws.String("o"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll},
		Origins: &types.Origins{Quantity: aws.Int32(1), Items: []types.Origin{{
			Id: aws.String("o"), DomainName: aws.String("b.s3.amazonaws.com"), S3OriginConfig: &types.S3OriginConfig{OriginAccessIdentity: aws.String("")},
		}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	id := *made.Distribution.Id
	set := Set{Site: "www", Release: 7, Sequence: 9, Tags: []string{"news"}, Paths: []string{"/a b/"}, Prefixes: []string{"/c/"}}
	sent, err := cloudFrontAt(t, id, endpoint, "").Purge(t.Context(), set)
	if err != nil || len(sent.Open) != 1 {
		t.Fatalf("%+v, %v", sent, err)
	}
	got, err := api.GetInvalidation(t.Context(), &cloudfront.GetInvalidationInput{DistributionId: &id, Id: &sent.Open[0]})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"#news", "/a%20b/", "/c/*"}, got.Invalidation.InvalidationBatch.Paths.Items); diff != "" {
		t.Error(diff)
	}
	if _, err := resume(t.Context(), cloudFrontAt(t, id, endpoint, ""), sent); err != nil {
		t.Error(err)
	}
	_, err = carry(t.Context(), cloudFrontAt(t, "ENONE", endpoint, ""), set)
	if err == nil || !strings.Contains(err.Error(), "does not exist in this AWS account") {
		t.Errorf("a distribution that is not there: %v", err)
	}
}

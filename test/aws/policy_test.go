package aws

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// permissions are what the calls of AWS's SDK need. S3: the API reference, under
// "Permissions" of each call, and the Service Authorization Reference; with a version,
// and with tags that are copied, the actions of these. CloudFront and its key value
// stores: the Service Authorization Reference.
var permissions = map[string][]string{
	"GetObject":               {"s3:GetObject", "s3:GetObjectVersion"},
	"HeadObject":              {"s3:GetObject", "s3:GetObjectVersion"},
	"PutObject":               {"s3:PutObject"},
	"DeleteObject":            {"s3:DeleteObject"},
	"DeleteObjects":           {"s3:DeleteObject"},
	"CopyObject":              {"s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging", "s3:PutObject", "s3:PutObjectTagging"},
	"GetObjectTagging":        {"s3:GetObjectTagging", "s3:GetObjectVersionTagging"},
	"CreateMultipartUpload":   {"s3:PutObject", "s3:PutObjectTagging"},
	"UploadPart":              {"s3:PutObject"},
	"UploadPartCopy":          {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"},
	"CompleteMultipartUpload": {"s3:PutObject"},
	"AbortMultipartUpload":    {"s3:AbortMultipartUpload"},
	"ListObjectsV2":           {"s3:ListBucket"},
	"GetBucketVersioning":     {"s3:GetBucketVersioning"},
	"CreateInvalidation":      {"cloudfront:CreateInvalidation"},
	"GetInvalidation":         {"cloudfront:GetInvalidation"},
	"DescribeKeyValueStore":   {"cloudfront-keyvaluestore:DescribeKeyValueStore"},
	"ListKeys":                {"cloudfront-keyvaluestore:ListKeys"},
	"UpdateKeys":              {"cloudfront-keyvaluestore:UpdateKeys"},
}

var call = regexp.MustCompile(`(?:&\w+\.(\w+)Input\b|\bNew(\w+)Paginator\()`)

// needed are the actions that the calls in the code need.
func needed(t *testing.T) []string {
	t.Helper()
	actions := map[string]bool{}
	for _, folder := range []string{"internal/deploy/s3", "internal/cdn", "internal/cdn/redirectkv"} {
		files, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has the files %v, %v", folder, files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, match := range call.FindAllStringSubmatch(read(t, file), -1) {
				needs, ok := permissions[match[1]+match[2]]
				if !ok {
					t.Errorf("%s calls %s: say in permissions what that needs", file, match[1]+match[2])
				}
				for _, action := range needs {
					actions[action] = true
				}
			}
		}
	}
	return sorted(actions)
}

func TestThePoliciesAllowWhatTheDeployCalls(t *testing.T) {
	want := needed(t)
	for name, got := range map[string][]string{
		"examples/aws/cloudformation.yaml": cloudFormationActions(t),
		"examples/aws/main.tf":             terraformActions(t),
		"docs/github.md":                   documentedActions(t),
	} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s allows other actions than the code needs (-needed +allowed):\n%s", name, diff)
		}
	}
}

func cloudFormationActions(t *testing.T) []string {
	t.Helper()
	var template struct {
		Resources struct {
			Role struct {
				Properties struct {
					Policies []struct {
						PolicyDocument struct {
							Statement []struct {
								Action []string `yaml:"Action"`
							} `yaml:"Statement"`
						} `yaml:"PolicyDocument"`
					} `yaml:"Policies"`
				} `yaml:"Properties"`
			} `yaml:"Role"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal([]byte(tagless.ReplaceAllString(read(t, cloudFormation), "")), &template); err != nil {
		t.Fatal(err)
	}
	actions := map[string]bool{}
	for _, policy := range template.Resources.Role.Properties.Policies {
		for _, statement := range policy.PolicyDocument.Statement {
			for _, action := range statement.Action {
				actions[action] = true
			}
		}
	}
	return sorted(actions)
}

// tagless are CloudFormation's short forms of functions, which are no YAML types.
var tagless = regexp.MustCompile(`!(?:Ref|GetAtt|Sub|If|Not|Equals)\b`)

func documentedActions(t *testing.T) []string {
	t.Helper()
	_, section, _ := strings.Cut(read(t, "../../docs/github.md"), "## 4. The AWS role")
	section, _, _ = strings.Cut(section, "\n## ")
	actions := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(section, -1) {
		var policy struct {
			Statement []struct{ Action any }
		}
		if err := json.Unmarshal([]byte(block[1]), &policy); err != nil {
			t.Fatalf("docs/github.md: %v in\n%s", err, block[1])
		}
		for _, statement := range policy.Statement {
			if list, ok := statement.Action.([]any); ok {
				for _, action := range list {
					actions[action.(string)] = true
				}
			}
		}
	}
	return sorted(actions)
}

func sorted(set map[string]bool) []string {
	var list []string
	for name := range set {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

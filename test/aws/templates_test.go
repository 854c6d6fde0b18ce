package aws

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const (
	cloudFormation = "../../examples/aws/cloudformation.yaml"
	terraform      = "../../examples/aws/main.tf"
)

// reference is what the functions of CloudFormation's templates name: !Ref NAME,
// !GetAtt NAME.ATTRIBUTE, !If [NAME, and ${NAME} in texts.
var reference = regexp.MustCompile(`!Ref ([\w:]+)|!GetAtt (\w+)\.|!If \[(\w+),|\$\{(\w[\w:]*)(?:\.\w+)?\}|Condition: (\w+)$`)

// TestTheCloudFormationTemplateHoldsTogether: what it names is there, and what is there
// is used. (cfn-lint, which knows the properties too, is no Go.)
func TestTheCloudFormationTemplateHoldsTogether(t *testing.T) {
	text := read(t, cloudFormation)
	var plain map[string]any
	if err := yaml.Unmarshal([]byte(tagless.ReplaceAllString(text, "")), &plain); err != nil {
		t.Fatal(err)
	}
	names := func(section string) []string {
		m, _ := plain[section].(map[string]any)
		return slices.Sorted(maps.Keys(m))
	}
	known := slices.Concat(names("Parameters"), names("Resources"), names("Conditions"))
	if len(known) < 15 || len(names("Outputs")) < 5 {
		t.Fatalf("the template has %v", known)
	}
	used := map[string]bool{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), " # ")
		for _, match := range reference.FindAllStringSubmatch(line, -1) {
			name := strings.Join(match[1:], "")
			used[name] = true
			if !strings.HasPrefix(name, "AWS::") && !slices.Contains(known, name) {
				t.Errorf("%s is named, and is not there", name)
			}
		}
	}
	for _, name := range slices.Concat(names("Parameters"), names("Conditions")) {
		if !used[name] {
			t.Errorf("%s is not used", name)
		}
	}
	for _, want := range []string{
		"token.actions.githubusercontent.com:aud: sts.amazonaws.com", "token.actions.githubusercontent.com:sub:", "token.actions.githubusercontent.com:job_workflow_ref:",
		"BlockPublicPolicy: true", "RestrictPublicBuckets: true", "AWS::CloudFront::OriginAccessControl", "OriginAccessControlId:",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the template lacks %s", want)
		}
	}
}

// TestTheTerraformFileHoldsTogether: it is what HCL's own parser reads, and what it names
// is there.
func TestTheTerraformFileHoldsTogether(t *testing.T) {
	body := parsed(t)
	known, variables := map[string]bool{}, map[string]bool{}
	for _, block := range body.Blocks {
		switch block.Type {
		case "variable":
			known["var."+block.Labels[0]], variables["var."+block.Labels[0]] = true, true
		case "resource":
			known[strings.Join(block.Labels, ".")] = true
		case "data":
			known["data."+strings.Join(block.Labels, ".")] = true
		case "locals":
			for name := range block.Body.Attributes {
				known["local."+name] = true
			}
		case "output", "terraform":
		default:
			t.Errorf("%s: a block %s", block.Range(), block.Type)
		}
	}
	used := map[string]bool{}
	walk(body, func(a *hclsyntax.Attribute) {
		if a.Name == "type" {
			return // of a variable: a type's name
		}
		for _, traversal := range a.Expr.Variables() {
			name := nameOf(traversal)
			if used[name] = true; !known[name] && name != "r" { // r is the one of a for expression
				t.Errorf("%s: %s is named, and is not there", a.Range(), name)
			}
		}
	})
	for name := range variables {
		if !used[name] {
			t.Errorf("%s is not used", name)
		}
	}
	text := read(t, terraform)
	for _, want := range []string{`"${local.issuer}:aud"`, `"${local.issuer}:sub"`, `"${local.issuer}:job_workflow_ref"`, "origin_access_control_id", "restrict_public_buckets = true"} {
		if !strings.Contains(text, want) {
			t.Errorf("the file lacks %s", want)
		}
	}
}

func parsed(t *testing.T) *hclsyntax.Body {
	t.Helper()
	file, wrong := hclparse.NewParser().ParseHCLFile(terraform)
	if wrong.HasErrors() {
		t.Fatal(wrong)
	}
	return file.Body.(*hclsyntax.Body)
}

func walk(body *hclsyntax.Body, f func(*hclsyntax.Attribute)) {
	for _, a := range body.Attributes {
		f(a)
	}
	for _, block := range body.Blocks {
		if block.Type != "terraform" {
			walk(block.Body, f)
		}
	}
}

// nameOf is what a reference names: var.bucket, data.KIND.NAME, KIND.NAME.
func nameOf(traversal hcl.Traversal) string {
	parts := []string{traversal.RootName()}
	want := 2
	if parts[0] == "data" {
		want = 3
	}
	for _, step := range traversal[1:] {
		if attribute, ok := step.(hcl.TraverseAttr); ok && len(parts) < want {
			parts = append(parts, attribute.Name)
		}
	}
	return strings.Join(parts, ".")
}

// terraformActions are those that the role's policy allows.
func terraformActions(t *testing.T) []string {
	t.Helper()
	actions := map[string]bool{}
	for _, block := range parsed(t).Blocks {
		if block.Type != "data" || block.Labels[1] != "publish" {
			continue
		}
		for _, statement := range block.Body.Blocks {
			value, wrong := statement.Body.Attributes["actions"].Expr.Value(nil)
			if wrong.HasErrors() {
				t.Fatal(wrong)
			}
			for _, action := range value.AsValueSlice() {
				actions[action.AsString()] = true
			}
		}
	}
	return sorted(actions)
}

// Manifests looks at what packages and clusters read, as they do: strictly, with the
// types and parsers of their own makers. It is a module of its own, since it needs
// Kubernetes's types, and the program does not.
//
//	go run . kubernetes FILE...    unknown fields, doubled keys and unsafe pods are errors
//	go run . kustomize FOLDER...   the same of what kustomize makes of a folder
//	go run . compose FILE
//	go run . rpm FILE              prints its files and scripts
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/cavaliergopher/rpm"
	"github.com/compose-spec/compose-go/v2/cli"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: manifests kubernetes|kustomize|compose|rpm FILE...")
	}
	look := map[string]func(string) error{"kubernetes": kubernetes, "kustomize": kustomize, "compose": compose, "rpm": listing}[args[0]]
	if look == nil {
		return fmt.Errorf("unknown kind %q", args[0])
	}
	for _, file := range args[1:] {
		if err := look(file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// types are those that the manifests may have.
var types = map[string]func() any{
	"v1 Namespace":                       func() any { return new(core.Namespace) },
	"v1 ConfigMap":                       func() any { return new(core.ConfigMap) },
	"v1 Secret":                          func() any { return new(core.Secret) },
	"v1 Service":                         func() any { return new(core.Service) },
	"apps/v1 StatefulSet":                func() any { return new(apps.StatefulSet) },
	"apps/v1 Deployment":                 func() any { return new(apps.Deployment) },
	"policy/v1 PodDisruptionBudget":      func() any { return new(policy.PodDisruptionBudget) },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return new(networking.NetworkPolicy) },
	"kustomize.config.k8s.io/v1beta1 Kustomization": func() any { return new(kustomization) },
}

// kustomization is as much of kustomize's own type as is used here.
type kustomization struct {
	meta.TypeMeta `json:",inline"`
	Namespace     string   `json:"namespace"`
	Resources     []string `json:"resources"`
}

func kubernetes(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return documents(text, func(document []byte, kind meta.TypeMeta) error {
		object, err := decode(document, kind)
		if k, ok := object.(*kustomization); ok && err == nil {
			err = there(filepath.Dir(file), k)
		}
		if err == nil {
			fmt.Println(filepath.Base(file), kind.APIVersion, kind.Kind)
		}
		return err
	})
}

// kustomize makes of a folder what `kubectl apply -k` would send, and looks at that.
func kustomize(folder string) error {
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return err
	}
	text, err := made.AsYaml()
	if err != nil {
		return err
	}
	return documents(text, func(document []byte, kind meta.TypeMeta) error {
		if _, err := decode(document, kind); err != nil {
			return err
		}
		fmt.Println(kind.APIVersion, kind.Kind)
		return nil
	})
}

func documents(text []byte, look func(document []byte, kind meta.TypeMeta) error) error {
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var kind meta.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return err
		}
		if err := look(document, kind); err != nil {
			return err
		}
	}
	return nil
}

// decode reads an object strictly, and holds its pods to what the app needs.
func decode(document []byte, kind meta.TypeMeta) (any, error) {
	made := types[kind.APIVersion+" "+kind.Kind]
	if made == nil {
		return nil, fmt.Errorf("%s %s is no kind that is known here", kind.APIVersion, kind.Kind)
	}
	object := made()
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		return nil, err
	}
	switch o := object.(type) {
	case *apps.StatefulSet:
		return o, safeAlone(o)
	case *apps.Deployment:
		return o, safeReplicas(o)
	}
	return object, nil
}

// there says whether all that is named is a file.
func there(folder string, k *kustomization) error {
	for _, name := range k.Resources {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// faults collects what does not hold.
type faults []error

func (f *faults) hold(holds bool, what string) {
	if !holds {
		*f = append(*f, errors.New(what))
	}
}

// safeAlone holds the app that has its ledger alone to one replica with a disk of its own.
func safeAlone(s *apps.StatefulSet) error {
	var f faults
	f.hold(s.Spec.Replicas != nil && *s.Spec.Replicas == 1, "expected one replica: the state is one process's")
	f.hold(len(s.Spec.VolumeClaimTemplates) == 1, "expected one volume claim")
	claims := map[string]bool{}
	for _, v := range s.Spec.VolumeClaimTemplates {
		claims[v.Name] = true
	}
	f.safe(s.Spec.Selector, s.Spec.Template, claims)
	return errors.Join(f...)
}

// safeReplicas holds replicas to an update that never leaves fewer than there were.
func safeReplicas(d *apps.Deployment) error {
	var f faults
	update := d.Spec.Strategy.RollingUpdate
	f.hold(d.Spec.Replicas != nil && *d.Spec.Replicas > 1, "expected several replicas")
	f.hold(update != nil && update.MaxUnavailable != nil && update.MaxUnavailable.String() == "0", "an update takes a replica away before another is ready")
	f.safe(d.Spec.Selector, d.Spec.Template, nil)
	return errors.Join(f...)
}

// safe holds a pod to the standard "restricted"
// (kubernetes.io/docs/concepts/security/pod-security-standards), and to what the app
// needs: probes, and volumes that are there.
func (f *faults) safe(selector *meta.LabelSelector, t core.PodTemplateSpec, volumes map[string]bool) {
	pod := t.Spec
	yes := func(b *bool) bool { return b != nil && *b }
	no := func(b *bool) bool { return b != nil && !*b }
	f.hold(no(pod.AutomountServiceAccountToken), "the service account's token is mounted")
	f.hold(pod.SecurityContext != nil && yes(pod.SecurityContext.RunAsNonRoot) && pod.SecurityContext.SeccompProfile != nil, "expected runAsNonRoot and a seccomp profile")
	f.hold(fmt.Sprint(selector.MatchLabels) == fmt.Sprint(t.Labels), "the selector does not select the pod")
	there := maps.Clone(volumes)
	if there == nil {
		there = map[string]bool{}
	}
	for _, v := range pod.Volumes {
		there[v.Name] = true
	}
	for _, c := range pod.Containers {
		sc := c.SecurityContext
		f.hold(sc != nil && no(sc.AllowPrivilegeEscalation) && yes(sc.ReadOnlyRootFilesystem) && sc.Capabilities != nil && fmt.Sprint(sc.Capabilities.Drop) == "[ALL]", c.Name+" may do more than it must")
		f.hold(c.LivenessProbe != nil && c.ReadinessProbe != nil && c.StartupProbe != nil, c.Name+" lacks a probe")
		f.hold(!c.Resources.Limits.Memory().IsZero(), c.Name+" has no limit of memory")
		for _, m := range c.VolumeMounts {
			f.hold(there[m.Name], c.Name+" mounts "+m.Name+", which is no volume")
		}
	}
}

func compose(file string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv, cli.WithName("pressrun"))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for name, s := range project.Services {
		if !s.ReadOnly || len(s.CapDrop) != 1 || s.HealthCheck == nil || s.Privileged {
			return fmt.Errorf("service %s may do more than it must, or has no health check", name)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				return fmt.Errorf("service %s is published beyond this machine", name)
			}
		}
		fmt.Println("service", name, s.Image)
	}
	return nil
}

func listing(file string) error {
	p, err := rpm.Open(file)
	if err != nil {
		return err
	}
	fmt.Println(p.Name(), p.Version(), p.Architecture())
	for _, f := range p.Files() {
		fmt.Println(f.Mode(), f.Owner(), f.Name())
	}
	for name, tag := range map[string]int{"postinstall": 1024, "preremove": 1025, "postremove": 1026} { // rpm.org, tags of the header
		if p.Header.GetTag(tag) != nil {
			fmt.Println("script", name)
		}
	}
	return nil
}

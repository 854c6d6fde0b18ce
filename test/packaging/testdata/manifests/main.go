// Manifests looks at what packages and clusters read, as they do: strictly, with the
// types and parsers of their own makers. It is a module of its own, since it needs
// Kubernetes's types, and the program does not.
//
//	go run . kubernetes FILE...    unknown fields, doubled keys and unsafe pods are errors
//	go run . compose FILE
//	go run . rpm FILE              prints its files and scripts
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cavaliergopher/rpm"
	"github.com/compose-spec/compose-go/v2/cli"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
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
		return errors.New("usage: manifests kubernetes|compose|rpm FILE...")
	}
	look := map[string]func(string) error{"kubernetes": kubernetes, "compose": compose, "rpm": listing}[args[0]]
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
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var kind meta.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return err
		}
		made := types[kind.APIVersion+" "+kind.Kind]
		if made == nil {
			return fmt.Errorf("%s %s is no kind that is known here", kind.APIVersion, kind.Kind)
		}
		object := made()
		if err := yaml.UnmarshalStrict(document, object); err != nil {
			return err
		}
		switch o := object.(type) {
		case *apps.StatefulSet:
			err = safe(o)
		case *kustomization:
			err = there(filepath.Dir(file), o)
		}
		if err != nil {
			return err
		}
		fmt.Println(filepath.Base(file), kind.APIVersion, kind.Kind)
	}
	return nil
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

// safe holds a pod to the standard "restricted"
// (kubernetes.io/docs/concepts/security/pod-security-standards), and to what the app
// needs: one replica, probes, a disk of its own.
func safe(s *apps.StatefulSet) error {
	pod := s.Spec.Template.Spec
	yes := func(b *bool) bool { return b != nil && *b }
	no := func(b *bool) bool { return b != nil && !*b }
	var errs []error
	hold := func(holds bool, what string) {
		if !holds {
			errs = append(errs, errors.New(what))
		}
	}
	hold(s.Spec.Replicas != nil && *s.Spec.Replicas == 1, "expected one replica: the state is one process's")
	hold(len(s.Spec.VolumeClaimTemplates) == 1, "expected one volume claim")
	hold(no(pod.AutomountServiceAccountToken), "the service account's token is mounted")
	hold(pod.SecurityContext != nil && yes(pod.SecurityContext.RunAsNonRoot) && pod.SecurityContext.SeccompProfile != nil, "expected runAsNonRoot and a seccomp profile")
	hold(fmt.Sprint(s.Spec.Selector.MatchLabels) == fmt.Sprint(s.Spec.Template.Labels), "the selector does not select the pod")
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
	}
	for _, v := range s.Spec.VolumeClaimTemplates {
		volumes[v.Name] = true
	}
	for _, c := range pod.Containers {
		sc := c.SecurityContext
		hold(sc != nil && no(sc.AllowPrivilegeEscalation) && yes(sc.ReadOnlyRootFilesystem) && sc.Capabilities != nil && fmt.Sprint(sc.Capabilities.Drop) == "[ALL]", c.Name+" may do more than it must")
		hold(c.LivenessProbe != nil && c.ReadinessProbe != nil && c.StartupProbe != nil, c.Name+" lacks a probe")
		hold(!c.Resources.Limits.Memory().IsZero(), c.Name+" has no limit of memory")
		for _, m := range c.VolumeMounts {
			hold(volumes[m.Name], c.Name+" mounts "+m.Name+", which is no volume")
		}
	}
	return errors.Join(errs...)
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

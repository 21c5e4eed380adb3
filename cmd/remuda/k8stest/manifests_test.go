package k8stest_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/remuda-go/remuda/cmd/remuda/remudacli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// A scaledObject is as much of keda.sh/v1alpha1 as the tests look at; keda_test.go holds
// the whole of it against KEDA's schema.
type scaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef struct {
			Name string `json:"name"`
		} `json:"scaleTargetRef"`
		MinReplicaCount *int32 `json:"minReplicaCount"`
		MaxReplicaCount *int32 `json:"maxReplicaCount"`
		Triggers        []struct {
			Type     string            `json:"type"`
			Metadata map[string]string `json:"metadata"`
		} `json:"triggers"`
	} `json:"spec"`
}

var types = map[string]func() any{
	"v1 ConfigMap":                  func() any { return &corev1.ConfigMap{} },
	"v1 Service":                    func() any { return &corev1.Service{} },
	"apps/v1 StatefulSet":           func() any { return &appsv1.StatefulSet{} },
	"apps/v1 Deployment":            func() any { return &appsv1.Deployment{} },
	"batch/v1 Job":                  func() any { return &batchv1.Job{} },
	"keda.sh/v1alpha1 ScaledObject": func() any { return &scaledObject{} },
}

// manifests runs the command, and reads what it prints: unknown and doubled keys and
// wrong types fail.
func manifests(t *testing.T, config string, args ...string) (objects []any, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "remuda.yaml")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	var out, errs bytes.Buffer
	args = append([]string{"remuda", "-c", file, "k8s", "manifests"}, args...)
	code := remudacli.Run(context.Background(), args, remudacli.Streams{In: new(bytes.Buffer), Out: &out, Err: &errs})
	require.Equal(t, remudacli.ExitOK, code, errs.String())
	for doc := range strings.SplitSeq(out.String(), "\n---\n") {
		var kind metav1.TypeMeta
		require.NoError(t, yaml.Unmarshal([]byte(doc), &kind), doc)
		if kind.Kind == "" {
			continue // comments
		}
		make, ok := types[kind.APIVersion+" "+kind.Kind]
		require.True(t, ok, "%s %s", kind.APIVersion, kind.Kind)
		object := make()
		require.NoError(t, yaml.UnmarshalStrict([]byte(doc), object), doc)
		objects = append(objects, object)
	}
	return objects, out.String()
}

func of[T any](objects []any) (all []*T) {
	for _, o := range objects {
		if o, ok := o.(*T); ok {
			all = append(all, o)
		}
	}
	return all
}

// selects checks that a selector finds the pods of its own template.
func selects(t *testing.T, selector *metav1.LabelSelector, pod corev1.PodTemplateSpec) {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	require.NoError(t, err)
	assert.True(t, s.Matches(labels(pod.Labels)))
	for _, c := range pod.Spec.Containers {
		volumes := make(map[string]bool)
		for _, v := range pod.Spec.Volumes {
			volumes[v.Name] = true
		}
		volumes["data"] = true // of the StatefulSet
		for _, m := range c.VolumeMounts {
			assert.True(t, volumes[m.Name], "there is no volume %s", m.Name)
		}
		assert.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
	}
	assert.True(t, *pod.Spec.SecurityContext.RunAsNonRoot)
}

type labels map[string]string

func (l labels) Has(k string) bool                   { _, ok := l[k]; return ok }
func (l labels) Get(k string) string                 { return l[k] }
func (l labels) Lookup(k string) (v string, ok bool) { v, ok = l[k]; return v, ok }

const kinds = "kinds:\n  thumb: {command: {argv: [convert, \"-\", \"png:-\"], workers: 4}} # \"quoted\", ünd\n  call_me: {http: {url: 'http://x'}}\n  elsewhere: {}\n"

func TestOneNode(t *testing.T) {
	t.Parallel()
	config := "grace: 1m\n" + kinds + "providers:\n  - http: {listen: ':8055', token_file: token}\n  - directory: {path: inbox, kind: thumb, done: inbox/done}\n"
	objects, text := manifests(t, config, "--namespace", "horses", "--image", "registry.example/remuda:1", "--storage", "5Gi")
	set := of[appsv1.StatefulSet](objects)[0]
	pod := set.Spec.Template
	assert.Equal(t, int32(1), *set.Spec.Replicas)
	selects(t, set.Spec.Selector, pod)
	assert.Equal(t, int64(70), *pod.Spec.TerminationGracePeriodSeconds)
	assert.Equal(t, "registry.example/remuda:1", pod.Spec.Containers[0].Image)
	assert.NotNil(t, pod.Spec.Containers[0].StartupProbe.Exec)
	assert.Equal(t, "5Gi", set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests.Storage().String())
	assert.Equal(t, config, of[corev1.ConfigMap](objects)[0].Data["remuda.yaml"], "as it is")
	service := of[corev1.Service](objects)[0]
	assert.Equal(t, int32(8055), service.Spec.Ports[0].Port)
	for name, value := range service.Spec.Selector {
		assert.Equal(t, value, pod.Labels[name])
	}
	assert.Equal(t, service.Spec.Ports[0].TargetPort.StrVal, pod.Spec.Containers[0].Ports[0].Name)
	assert.Contains(t, text, "kubectl -n horses create secret generic remuda --from-file=token")
	last := pod.Spec.Containers[0].VolumeMounts[3]
	assert.Equal(t, "/srv/token", last.MountPath)
	assert.Equal(t, int32(0o440), *pod.Spec.Volumes[2].Secret.DefaultMode)
	for _, o := range objects {
		assert.Equal(t, "horses", o.(metav1.Object).GetNamespace())
	}
}

// What the config takes from the environment comes from the secret, and only where it is
// needed.
func TestVariables(t *testing.T) {
	t.Parallel()
	config := `kinds:
  hook: {http: {url: 'http://x', headers: {Authorization: 'Bearer $HOOK_TOKEN', X-Price: '$$5', X-On: '${ON}'}}}
  other: {http: {url: 'http://x', headers: {Authorization: '$OTHER'}}}
providers: [{redis: {addr: 'r:6379', list: l, kind: hook, password_env: REDIS_PASSWORD}}]
`
	names := func(pod corev1.PodTemplateSpec) (all []string) {
		for _, e := range pod.Spec.Containers[0].Env {
			if e.Name == "REMUDA_NATS" {
				continue
			}
			assert.Equal(t, e.Name, e.ValueFrom.SecretKeyRef.Key)
			assert.Equal(t, "horses", e.ValueFrom.SecretKeyRef.Name)
			assert.Nil(t, e.ValueFrom.SecretKeyRef.Optional, "a pod without it would not serve")
			all = append(all, e.Name)
		}
		return all
	}
	objects, text := manifests(t, config, "--name", "horses")
	assert.Equal(t, []string{"HOOK_TOKEN", "ON", "OTHER", "REDIS_PASSWORD"}, names(of[appsv1.StatefulSet](objects)[0].Spec.Template))
	assert.Contains(t, text, `create secret generic horses --from-literal=HOOK_TOKEN="$HOOK_TOKEN" --from-literal=ON="$ON"`)

	objects, _ = manifests(t, "nats: ['nats://n:4222']\n"+config, "--name", "horses", "--cluster")
	deployments := of[appsv1.Deployment](objects)
	assert.Equal(t, []string{"REDIS_PASSWORD"}, names(deployments[0].Spec.Template), "the intake")
	assert.Equal(t, []string{"HOOK_TOKEN", "ON"}, names(deployments[1].Spec.Template), "hook")
	assert.Equal(t, []string{"OTHER"}, names(deployments[2].Spec.Template))
	assert.Empty(t, names(of[batchv1.Job](objects)[0].Spec.Template))
}

// A secret has one value under a name.
func TestTwoFilesOfOneName(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "remuda.yaml")
	config := "providers: [{http: {listen: ':1', token_file: a/token}}, {http: {listen: ':2', token_file: b/token}}]\n"
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	var errs bytes.Buffer
	code := remudacli.Run(context.Background(), []string{"remuda", "-c", file, "k8s", "manifests"},
		remudacli.Streams{In: new(bytes.Buffer), Out: new(bytes.Buffer), Err: &errs})
	assert.Equal(t, remudacli.ExitFailure, code)
	assert.Contains(t, errs.String(), "the files /srv/a/token and /srv/b/token would have the same key in the secret, token: rename one")
}

func TestCluster(t *testing.T) {
	t.Parallel()
	objects, _ := manifests(t, "nats: ['nats://nats.nats.svc:4222']\nreplicas: 3\n"+kinds+"providers: [{http: {listen: ':8055', token_file: token}}]\n",
		"--cluster", "--most", "7", "--lag", "3")
	require.Len(t, of[batchv1.Job](objects), 1, "what makes the consumers")
	deployments, scalers := of[appsv1.Deployment](objects), of[scaledObject](objects)
	require.Len(t, deployments, 3, "an intake, and the two kinds that something runs")
	require.Len(t, scalers, 2)
	for _, d := range deployments {
		selects(t, d.Spec.Selector, d.Spec.Template)
	}
	assert.Equal(t, []string{"serve", "--role", "intake"}, deployments[0].Spec.Template.Spec.Containers[0].Args)
	assert.Equal(t, "remuda-call-me", deployments[1].Name)
	assert.Equal(t, []string{"serve", "--role", "worker", "--only", "call_me"}, deployments[1].Spec.Template.Spec.Containers[0].Args)
	for i, s := range scalers {
		assert.Equal(t, deployments[i+1].Name, s.Spec.ScaleTargetRef.Name)
		assert.Nil(t, deployments[i+1].Spec.Replicas, "KEDA sets them")
		assert.Equal(t, int32(7), *s.Spec.MaxReplicaCount)
		trigger := s.Spec.Triggers[0]
		assert.Equal(t, "nats-jetstream", trigger.Type)
		for _, name := range []string{"natsServerMonitoringEndpoint", "account", "stream", "consumer", "lagThreshold"} {
			assert.NotEmpty(t, trigger.Metadata[name], name)
		}
	}
	assert.Equal(t, "REMUDA_QUEUE_call_me", scalers[0].Spec.Triggers[0].Metadata["stream"])
	assert.Equal(t, "3", scalers[0].Spec.Triggers[0].Metadata["lagThreshold"])
}

package k8stest_test

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// scaledObjects is the schema of KEDA's own definition of a ScaledObject, in which, as in
// kubectl, a key that it does not have is an error.
func scaledObjects(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/keda/keda.sh_scaledobjects.yaml")
	require.NoError(t, err)
	var definition struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema map[string]any }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &definition))
	require.Equal(t, "v1alpha1", definition.Spec.Versions[0].Name)
	schema := definition.Spec.Versions[0].Schema.OpenAPIV3Schema
	strict(schema)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("scaledobject.json", plain(t, schema)))
	s, err := c.Compile("scaledobject.json")
	require.NoError(t, err)
	return s
}

// strict closes each object that names its properties.
func strict(schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	_, open := schema["additionalProperties"]
	if keep, _ := schema["x-kubernetes-preserve-unknown-fields"].(bool); properties != nil && !open && !keep {
		schema["additionalProperties"] = false
	}
	for _, p := range properties {
		strict(p.(map[string]any))
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if of, ok := schema[key].(map[string]any); ok {
			strict(of)
		}
	}
}

// plain is a value as the validator reads it.
func plain(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	v, err = jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	require.NoError(t, err)
	return v
}

// A parameter is one of those that a scaler of KEDA reads.
type parameter struct {
	Name     string
	Optional bool
	Default  string
}

func scalerParameters(t *testing.T) map[string]parameter {
	t.Helper()
	text, err := os.ReadFile("testdata/keda/nats-jetstream.yaml")
	require.NoError(t, err)
	var scalers []struct {
		Type       string
		Parameters []parameter
	}
	require.NoError(t, yaml.Unmarshal(text, &scalers))
	require.Equal(t, "nats-jetstream", scalers[0].Type)
	all := make(map[string]parameter)
	for _, p := range scalers[0].Parameters {
		all[p.Name] = p
	}
	return all
}

// KEDA takes what is printed: its own schemas say so, and refuse what is not right.
func TestScaledObjectsAreKEDAs(t *testing.T) {
	t.Parallel()
	schema, parameters := scaledObjects(t), scalerParameters(t)
	_, text := manifests(t, "nats: ['nats://n:4222']\n"+kinds, "--cluster", "--most", "7", "--lag", "3")
	seen := 0
	for doc := range strings.SplitSeq(text, "\n---\n") {
		var object map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(doc), &object))
		if object["kind"] != "ScaledObject" {
			continue
		}
		seen++
		require.NoError(t, schema.Validate(plain(t, object)), doc)
		for _, trigger := range object["spec"].(map[string]any)["triggers"].([]any) {
			given := trigger.(map[string]any)["metadata"].(map[string]any)
			for name := range given {
				assert.Contains(t, parameters, name, "the scaler reads no such thing")
			}
			for name, p := range parameters {
				if !p.Optional && p.Default == "" {
					assert.NotEmpty(t, given[name], name)
				}
			}
			_, err := strconv.ParseInt(given["lagThreshold"].(string), 10, 64)
			require.NoError(t, err)
		}
		spec := object["spec"].(map[string]any)
		spec["maxReplicas"] = 3
		require.ErrorContains(t, schema.Validate(plain(t, object)), "maxReplicas", "an unknown key")
		delete(spec, "maxReplicas")
		spec["maxReplicaCount"] = "3"
		require.ErrorContains(t, schema.Validate(plain(t, object)), "maxReplicaCount", "a wrong type")
		spec["maxReplicaCount"] = 3
		delete(spec, "scaleTargetRef")
		require.ErrorContains(t, schema.Validate(plain(t, object)), "scaleTargetRef", "a missing key")
	}
	assert.Equal(t, 2, seen)
}

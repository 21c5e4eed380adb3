package config

import (
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON schema of a config file, for editors.
func Schema() ([]byte, error) {
	r := jsonschema.Reflector{FieldNameTag: "yaml", RequiredFromJSONSchemaTags: false, ExpandedStruct: true, Anonymous: true}
	s := r.Reflect(&Config{})
	s.Title = "remuda.yaml"
	return json.MarshalIndent(s, "", "  ")
}

package api

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.yaml
var document []byte

// openapi answers with the document of this interface.
func (a *api) openapi(w http.ResponseWriter, r *http.Request) error {
	if _, err := params(r); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(document) // the caller has gone
	return nil
}

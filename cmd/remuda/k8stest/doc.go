// Package k8stest holds what remuda k8s manifests prints against the types of Kubernetes.
// It is a module of its own so that nobody else has to have them.
package k8stest

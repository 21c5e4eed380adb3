package remudacli

import (
	"runtime"
	"runtime/debug"
	"slices"
)

const modulePath = "github.com/remuda-go/remuda/cmd/remuda"

// version is that of this module and of Go, also in a program that has it as a
// dependency.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return runtime.Version()
	}
	return versionIn(info)
}

func versionIn(info *debug.BuildInfo) string {
	module := info.Main
	for _, d := range info.Deps {
		if d.Path == modulePath {
			module = *d
		}
	}
	text := module.Version
	if text == "" || module.Path != modulePath {
		text = "(devel)"
	}
	revision := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "vcs.revision" })
	if text == "(devel)" && revision >= 0 {
		text += " " + info.Settings[revision].Value
	}
	return text + " " + info.GoVersion
}

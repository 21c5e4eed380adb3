package remudacli

import (
	"runtime"
	"runtime/debug"
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
	if text == "(devel)" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				text += " " + s.Value
			}
		}
	}
	return text + " " + info.GoVersion
}

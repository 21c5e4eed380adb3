package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// machine describes what this runs on.
func machine() []string {
	lines := []string{
		fmt.Sprintf("%s %s/%s, GOMAXPROCS %d", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0)),
	}
	if model := processor(); model != "" {
		lines = append(lines, model)
	}
	return lines
}

// processor returns the processor's model, where the system tells.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	var model, hypervisor string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch strings.TrimSpace(key) {
		case "model name":
			model = strings.TrimSpace(value)
		case "flags":
			if strings.Contains(value, " hypervisor") {
				hypervisor = " (a virtual machine)"
			}
		}
	}
	return model + hypervisor
}

// versions returns the modules that were measured.
func versions() (lines []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			lines = append(lines, m.Path+" as in this tree")
			continue
		}
		lines = append(lines, m.Path+" "+m.Version)
	}
	return lines
}

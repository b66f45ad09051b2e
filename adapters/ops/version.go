package ops

import "runtime/debug"

// Version is the version of the program: the one it was linked with, else what the Go tool knows of its source.
//
//	go build -ldflags "-X github.com/ragcorp/ragcorp/adapters/ops.linked=v1.2.3" ./shells/...
func Version() string {
	if linked != "" {
		return linked
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}

// linked is set by the linker only.
var linked string

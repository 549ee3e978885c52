package probe

import "bytes"

// bundleVersion finds CFBundleShortVersionString in an Info.plist; nothing when
// the file is in the binary form or has none. Source: Information Property List
// (developer.apple.com, read 2026-11-22).
func bundleVersion(info []byte) string {
	_, rest, _ := bytes.Cut(info, []byte("<key>CFBundleShortVersionString</key>"))
	_, rest, _ = bytes.Cut(rest, []byte("<string>"))
	version, _, ok := bytes.Cut(rest, []byte("</string>"))
	if !ok || len(version) > 64 || bytes.ContainsAny(version, "<>\x00") {
		return ""
	}
	return string(bytes.TrimSpace(version))
}

package service

import "strings"

// LaunchdPlist is the property list of the daemon that runs the program with
// these arguments.
func LaunchdPlist(program string, args ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>` + Label + `</string>
	<key>ProgramArguments</key>
	<array>
`)
	for _, a := range append([]string{program}, args...) {
		a = strings.ReplaceAll(strings.ReplaceAll(a, "&", "&amp;"), "<", "&lt;")
		b.WriteString("\t\t<string>" + strings.ReplaceAll(a, ">", "&gt;") + "</string>\n")
	}
	// AbandonProcessGroup: the program that watches over an update must outlive the
	// daemon. Umask is 0077.
	b.WriteString(`	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<true/>
	<key>ThrottleInterval</key>
	<integer>10</integer>
	<key>ExitTimeOut</key>
	<integer>30</integer>
	<key>AbandonProcessGroup</key>
	<true/>
	<key>Umask</key>
	<integer>63</integer>
</dict>
</plist>
`)
	return b.String()
}

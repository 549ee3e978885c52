package service

import "strings"

// LaunchdPlist is the property list of the daemon that runs the program with
// these arguments.
func LaunchdPlist(program string, args ...string) string {
	return propertyList(Label, `	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<true/>
	<key>ThrottleInterval</key>
	<integer>10</integer>
	<key>ExitTimeOut</key>
	<integer>30</integer>
`, program, args)
}

// LaunchdWatch is that of the daemon that runs the program as long as it is
// there, which is during an update only.
func LaunchdWatch(program string, args ...string) string {
	return propertyList(watchLabel, `	<key>KeepAlive</key>
	<dict>
		<key>PathState</key>
		<dict>
			<key>`+escaped(program)+`</key>
			<true/>
		</dict>
	</dict>
	<key>ThrottleInterval</key>
	<integer>60</integer>
`, program, args)
}

func propertyList(label, keys, program string, args []string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>` + label + `</string>
	<key>ProgramArguments</key>
	<array>
`)
	for _, a := range append([]string{program}, args...) {
		b.WriteString("\t\t<string>" + escaped(a) + "</string>\n")
	}
	// AbandonProcessGroup: the program that watches over an update must outlive the
	// daemon. Umask is 0077.
	b.WriteString("\t</array>\n" + keys + `	<key>AbandonProcessGroup</key>
	<true/>
	<key>Umask</key>
	<integer>63</integer>
</dict>
</plist>
`)
	return b.String()
}

func escaped(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "&", "&amp;"), "<", "&lt;")
	return strings.ReplaceAll(text, ">", "&gt;")
}

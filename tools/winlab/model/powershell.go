package model

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// What powershell.exe writes on standard error when nobody reads objects.
const (
	clixmlHead = "#< CLIXML\r\n" + `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">`
	clixmlTail = `</Objs>`

	clixmlProgress = clixmlHead + `<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>` +
		`<MS><I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing modules for first use.</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj>` + clixmlTail
)

// clixmlErrors is an error record as lines of text.
func clixmlErrors(lines ...string) string {
	var b strings.Builder
	b.WriteString(clixmlHead)
	for _, line := range lines {
		b.WriteString(`<S S="Error">`)
		_ = xml.EscapeText(&b, []byte(line))
		b.WriteString(`_x000D__x000A_</S>`)
	}
	b.WriteString(clixmlTail)
	return b.String()
}

// fail is a script that threw.
func fail(stderr io.Writer, message string) int {
	_, _ = io.WriteString(stderr, clixmlErrors(message,
		"    + CategoryInfo          : OperationStopped: (:) [], RuntimeException", "    + FullyQualifiedErrorId : OsirisLab"))
	return 1
}

// refuse is a command line that is not the catalogue's.
func refuse(line string, stderr io.Writer) int {
	name, _, _ := strings.Cut(line, " ")
	if strings.EqualFold(strings.TrimSuffix(strings.ToLower(name), ".exe"), "powershell") {
		return fail(stderr, "The lab's hosts run the catalogue's command line alone.")
	}
	_, _ = fmt.Fprintf(stderr, "'%s' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n", name)
	return 1
}

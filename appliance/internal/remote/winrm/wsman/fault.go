package wsman

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// The codes of faults that change what we do (MS-WSMV 2.2.9.2 and WinRM's
// header wsmerror.h; those marked are from public captures, not from a Windows
// of ours).
const (
	CodeTimedOut      = 2150858793 // nothing happened within OperationTimeout: ask again
	CodeShellGone     = 2150858843 // the shell does not exist any more (public text)
	CodeShellQuota    = 2150859173 // too many shells of this user (public text)
	CodeOperations    = 2150859174 // too many operations of this user (public text)
	CodeUserQuota     = 2150859179 // too many users with shells
	CodeAborted       = 995        // ERROR_OPERATION_ABORTED
	CodeAccessDenied  = 5          // ERROR_ACCESS_DENIED
	CodeKeyDeleted    = 2147943418 // registry key marked for deletion: the profile is being unloaded
	CodeEnvelopeLimit = 2150858852 // our message is larger than MaxEnvelopeSize
)

// meaning says it for people.
var meaning = map[uint32]string{
	CodeTimedOut:      "operation timed out",
	CodeShellGone:     "shell is gone",
	CodeShellQuota:    "too many shells of this user",
	CodeOperations:    "too many operations of this user",
	CodeUserQuota:     "too many users with shells",
	CodeAborted:       "operation aborted",
	CodeAccessDenied:  "access denied",
	CodeKeyDeleted:    "user profile is being unloaded",
	CodeEnvelopeLimit: "message larger than MaxEnvelopeSize",
}

// Fault is a host's refusal.
type Fault struct {
	What    string // the operation that was asked for
	Code    uint32 // of the WSManFault; 0 when there was none
	Subcode string // of SOAP, without its prefix: "TimedOut", "AccessDenied"
	Reason  string // the host's words, in its language, without control characters
}

func (f *Fault) Error() string {
	said := meaning[f.Code]
	if said == "" {
		said = f.Reason
	}
	if said == "" {
		said = f.Subcode
	}
	return fmt.Sprintf("%s refused: %s (code %d)", f.What, said, f.Code)
}

// maxReason keeps a host's words short in logs and evidence.
const maxReason = 300

func newFault(what string, f *xmlFault) *Fault {
	out := &Fault{What: what, Subcode: f.Subcode, Reason: f.Reason}
	if _, local, ok := strings.Cut(out.Subcode, ":"); ok {
		out.Subcode = local
	}
	if f.Detail != nil {
		if code, err := strconv.ParseUint(strings.TrimSpace(f.Detail.Code), 10, 32); err == nil {
			out.Code = uint32(code)
		}
		if m := strings.TrimSpace(f.Detail.Message); m != "" {
			out.Reason = m
		}
	}
	switch {
	case out.Code != 0:
	case out.Subcode == "TimedOut":
		out.Code = CodeTimedOut
	case out.Subcode == "AccessDenied":
		out.Code = CodeAccessDenied
	}
	out.Subcode, out.Reason = printable(out.Subcode, 64), printable(out.Reason, maxReason)
	return out
}

// printable is text that cannot disturb a log or a terminal.
func printable(s string, limit int) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(s), " ") {
		if !unicode.IsPrint(r) {
			r = '?'
		}
		if b.Len() >= limit {
			return b.String() + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}

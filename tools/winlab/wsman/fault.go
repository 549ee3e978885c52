package wsman

import (
	"fmt"
	"net/http"
)

// Codes of WSManFault that appear in public captures.
const (
	CodeTimedOut       = 2150858793
	CodeShellGone      = 2150858843
	CodeShellQuota     = 2150859173
	CodeOperationQuota = 2150859174
	CodeUserQuota      = 2150859179
	// CodeSchema is what Windows Server 2008 gives for elements it does not know.
	CodeSchema       = 2150858817
	CodeResource     = 2150858752
	CodeAborted      = 995
	CodeKeyDeleted   = 2147943418
	CodeAccessDenied = 5
)

// Fault is a SOAP fault with a WSManFault.
type Fault struct {
	Code uint32
	// Value is s:Sender or s:Receiver; Subcode has the prefix w: or a:.
	Value   string
	Subcode string
	Reason  string
	// Message is the Reason if empty.
	Message string
	// Detail is a URI in w:FaultDetail.
	Detail string
}

func (f *Fault) status() int { return http.StatusInternalServerError }

func faultSchema(what string) *Fault {
	return &Fault{
		Code: CodeSchema, Value: "s:Sender", Subcode: "w:SchemaValidationError",
		Reason:  "The SOAP XML in the message does not match the corresponding XML schema definition. Change the XML and retry. ",
		Message: "The Windows Remote Shell cannot process the request: " + what + ". ",
	}
}

func faultMustUnderstand(header string) *Fault {
	return &Fault{
		Value: "s:MustUnderstand", Reason: "The WS-Management service cannot process the request: the header " +
			header + " is marked with mustUnderstand and is not understood. ",
	}
}

func faultResource(uri string) *Fault {
	return &Fault{
		Code: CodeResource, Value: "s:Sender", Subcode: "a:DestinationUnreachable",
		Reason: fmt.Sprintf("The WS-Management service cannot process the request. The resource URI (%s) was not found in the WS-Management catalog. ", uri),
		Detail: nsWSManFaultDetail + "InvalidResourceURI",
	}
}

const nsWSManFaultDetail = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"

func faultShellGone(id string) *Fault {
	return &Fault{
		Code: CodeShellGone, Value: "s:Sender", Subcode: "w:InvalidSelectors",
		Reason: "The WS-Management service cannot process the request because the request contained invalid selectors for the resource. ",
		Message: fmt.Sprintf("The request for the Windows Remote Shell with ShellId %s failed because the shell was not found on the server. "+
			"Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. "+
			"Provide the correct ShellId or create a new shell and retry the operation. ", id),
		Detail: nsWSManFaultDetail + "UnexpectedSelectors",
	}
}

func faultTimedOut() *Fault {
	return &Fault{
		Code: CodeTimedOut, Value: "s:Receiver", Subcode: "w:TimedOut",
		Reason: "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
	}
}

func faultQuota(code uint32, n int, what string) *Fault {
	return &Fault{
		Code: code, Value: "s:Receiver", Subcode: "w:QuotaLimit",
		Reason: fmt.Sprintf("The WS-Management service cannot process the request. This user is allowed a maximum number of %d concurrent %s, which has been exceeded. ", n, what),
	}
}

func faultAborted() *Fault {
	return &Fault{
		Code: CodeAborted, Value: "s:Receiver", Subcode: "w:InternalError",
		Reason: "The I/O operation has been aborted because of either a thread exit or an application request. ",
	}
}

func faultAccess() *Fault {
	return &Fault{Code: CodeAccessDenied, Value: "s:Sender", Subcode: "w:AccessDenied", Reason: "Access is denied. "}
}

func faultAction(a Action) *Fault {
	return &Fault{
		Value: "s:Sender", Subcode: "a:ActionNotSupported",
		Reason: fmt.Sprintf("The WS-Management service cannot process the request. The action %s is not supported. ", a),
	}
}

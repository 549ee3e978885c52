package wsman

// Namespaces.
const (
	nsSOAP     = "http://www.w3.org/2003/05/soap-envelope"
	nsAddress  = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	nsTransfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
	nsWSMan    = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
	nsWSManMS  = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
	nsShell    = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	nsFault    = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
	nsIdentity = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"

	anonymous = nsAddress + "/role/anonymous"
	// ResourceShell is the text shell, the only resource here.
	ResourceShell = nsShell + "/cmd"
)

// Action is what a message asks for.
type Action string

// The actions of a shell.
const (
	Create  Action = nsTransfer + "/Create"
	Delete  Action = nsTransfer + "/Delete"
	Get     Action = nsTransfer + "/Get"
	Command Action = nsShell + "/Command"
	Receive Action = nsShell + "/Receive"
	Send    Action = nsShell + "/Send"
	Signal  Action = nsShell + "/Signal"
	// Identify has no Action on the wire; its name is ours.
	Identify Action = nsIdentity + "/Identify"
	// Handshake is no message but the steps of a logon; its name is ours.
	Handshake Action = "handshake"
)

const actionFault = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"

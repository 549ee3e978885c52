package check

// What kind of Windows the host is.
const (
	FactProductType = "host.product_type" // 1 workstation, 2 domain controller, 3 server
	FactDomainRole  = "host.domain_role"  // 0, 2 outside a domain; 1, 3 members; 4, 5 domain controllers
	FactSystemDrive = "host.system_drive" // C:
	FactEdition     = "host.edition"      // Professional, Core (which is Home), ServerStandard, ...
	FactBuild       = "host.build"        // 19045
	FactRevision    = "host.revision"     // 3693
)

// FactOwner says who sets what the check looks at: gpo, mdm or local. A fix of
// somebody else's setting is undone at the next policy refresh.
const FactOwner = "owner"

// ErrorSuffix makes the name of a fact that tells why another one could not be
// read, where the judge can do without.
const ErrorSuffix = "_error"

// Product types.
const (
	productWorkstation = "1"
	productController  = "2"
)

// Edition of Windows Home begins so.
const editionHome = "Core"

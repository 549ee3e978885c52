package check

// What a domain role means.

func isDC(role string) bool          { return role == "4" || role == "5" }
func inDomain(role string) bool      { return role == "1" || role == "3" || isDC(role) }
func isWorkstation(role string) bool { return role == "0" || role == "1" }

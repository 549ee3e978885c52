package catalog

// linuxUpkeep lists the checks of Linux servers about how they are kept.
var linuxUpkeep = []Check{}

package catalog

// linuxAccess lists the checks of Linux servers about who gets in.
var linuxAccess = []Check{}

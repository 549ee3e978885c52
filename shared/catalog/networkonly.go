package catalog

// networkOnly lists the checks of what answers on the network.
var networkOnly = []Check{}

package main

// releaseRoots are the keys whose signatures agents take updates by, stamped by
// -ldflags "-X main.releaseRoots=2:HEX,HEX,HEX" in the form of
// release.ParseRoots, the same as the agents'. Without them the appliance leaves
// it to the agents to check signatures.
var releaseRoots string

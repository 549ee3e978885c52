package check

// Facts of smbv1, beside the host's and FactService (LanmanServer, mrxsmb10).
const (
	FactSMBServer  = "server"  // a row: EnableSMB1Protocol, while the server runs
	FactSMB1       = "SMB1"    // the registry's value; absent means the default of Windows
	FactSMBFeature = "feature" // a row for each: Name, InstallState (1 on, 2 off, 3 absent)
)

// Neither the server nor the client speaks version 1. The registry's missing value
// means on, unless the feature is not there: that is how Windows comes since
// build 16299.
const smbv1Rulings = `off
for server
first|next
|+first|yes
|+speaks|{EnableSMB1Protocol}
end
for service
Name=mrxsmb10&Start!4|+client|yes
end
for feature
InstallState=1|+feature_on|yes
InstallState?23|+feature_off|yes
end
-feature_on&feature_off|+absent|yes
speaks=true|critical|server on|The server speaks SMB version 1.
-speaks&-absent&SMB1&SMB1!0|critical|server switched on, not running|SMB version 1 is switched on for the server.
-speaks&-absent&-SMB1&host.build<16299&server_error|high|server not switched off|This build of Windows has SMB version 1 on unless it is switched off.
client|high|client on|The client speaks SMB version 1.
speaks=false|pass|off|Nothing speaks SMB version 1.
absent|pass|off|Nothing speaks SMB version 1.
|unknown||The SMB server's setting could not be read.`

//go:build !osiris_agent

package check

// The checks that the appliance judges and the agent does not have: their facts
// come from scripts over WinRM (shared/runbook/scripts), most of them about roles
// that servers play. The agent counts bytes; these cost it none.
const (
	ADHealth             ID = "ad_health"
	BackupStatus         ID = "backup_status"
	DHCPServer           ID = "dhcp_server"
	DNSClient            ID = "dns_client"
	DNSServer            ID = "dns_server"
	NetBIOS              ID = "netbios"
	NetworkAdapter       ID = "network_adapter"
	NetworkProfile       ID = "network_profile"
	SecureChannel        ID = "secure_channel"
	VolumeHealth         ID = "volume_health"
	VSS                  ID = "vss"
	WindowsUpdateService ID = "windows_update_service"
	WSUS                 ID = "wsus"
)

var remoteOnly = []definition{
	{ADHealth, adParameters, judgeRemote},
	{BackupStatus, backupParameters, judgeRemote},
	{DHCPServer, nil, judgeRemote},
	{DNSClient, dnsClientParameters, judgeDNSClient},
	{DNSServer, nil, judgeRemote},
	{NetBIOS, netbiosParameters, judgeRemote},
	{NetworkAdapter, adapterParameters, judgeRemote},
	{NetworkProfile, nil, judgeRemote},
	{SecureChannel, nil, judgeRemote},
	{VolumeHealth, nil, judgeRemote},
	{VSS, vssParameters, judgeRemote},
	{WindowsUpdateService, updateServiceParameters, judgeRemote},
	{WSUS, wsusParameters, judgeRemote},
}

func judgeRemote(d *definition, f Facts, p Parameters, v *Verdict) {
	for _, rulings := range [...]map[ID]string{remoteRulings, linuxAccessRulings, linuxUpkeepRulings, networkRulings} {
		if text, ok := rulings[d.id]; ok {
			d.rule(text, f, p, v)
			return
		}
	}
}

var remoteRulings = map[ID]string{
	ADHealth:             adRulings,
	BackupStatus:         backupRulings,
	DHCPServer:           dhcpServerRulings,
	DNSServer:            dnsServerRulings,
	NetBIOS:              netbiosRulings,
	NetworkAdapter:       adapterRulings,
	NetworkProfile:       networkProfileRulings,
	SecureChannel:        secureChannelRulings,
	VolumeHealth:         volumeHealthRulings,
	VSS:                  vssRulings,
	WindowsUpdateService: updateServiceRulings,
	WSUS:                 wsusRulings,
}

// remoteFactNames are the names of each check's facts.
var remoteFactNames = map[ID][]string{
	ADHealth:             {factHost, FactReplication, FactReplication + ErrorSuffix, FactLockedAccounts},
	BackupStatus:         {factHost, FactBackup, FactBackup + ErrorSuffix},
	DHCPServer:           {factHost, FactService},
	DNSClient:            {factHost, FactResolver},
	DNSServer:            {factHost, FactService},
	NetBIOS:              {factHost, FactAdapter},
	NetworkAdapter:       {factHost, FactAdapter},
	NetworkProfile:       {factHost, FactNetwork},
	SecureChannel:        {factHost, FactSecureChannel, FactPasswordChange},
	VolumeHealth:         {factHost, FactDiskHealth, FactDiskHealth + ErrorSuffix, FactVolumeHealth},
	VSS:                  {factHost, FactService, FactVSSErrors, FactVSSErrors + ErrorSuffix},
	WindowsUpdateService: {factHost, FactService, FactUpdateErrors, FactUpdateErrors + ErrorSuffix, FactUpdateCache},
	WSUS:                 {factHost, FactOwner, FactUseWSUS, FactWSUSServer, FactWSUSClient, FactUpdateSearch},
}

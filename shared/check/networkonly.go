//go:build !osiris_agent

package check

// The checks of what answers on the network. Only the appliance judges them. A
// device is asked from outside, so a service that is silent is not one that is off:
// the facts say what was not learned, and the verdict is unknown then (D17).
const (
	NetworkCertificates ID = "network_certificates"
	NetworkDatabases    ID = "network_databases"
	NetworkDevices      ID = "network_devices"
	NetworkFileSharing  ID = "network_file_sharing"
	NetworkRemoteAccess ID = "network_remote_access"
	NetworkTLS          ID = "network_tls"
)

// Facts of these checks. Fields of rows that are "yes" or "no" are absent when it
// is not known.
const (
	// FactAsked is how many ports were asked.
	FactAsked = "asked"
	// FactAnswers is how many ports answered, by opening or refusing; absent when
	// none did.
	FactAnswers = "answers"
	// FactUnfinished is why something was not learned.
	FactUnfinished = "unfinished"
	// FactListens is a row for each open port: Address, Port, Protocol, and what its
	// first message told: Open (works without a password), NLA, SMB1, Encryption
	// (none, offered, required), Version, Redirect. Unclear is the protocol that was
	// expected on a port whose answer said nothing.
	FactListens = "listens"
	// FactTLS is a row for each port with TLS: Address, Port, SSL3, TLS10, TLS11
	// (yes or no) and Newest.
	FactTLS = "tls"
	// FactCertificate is a row for each certificate: Address, Port, Subject, DaysLeft,
	// Expired, NotYet, SelfSigned, Key, Weak (yes).
	FactCertificate = "certificate"

	FactDeviceAddress = "device_address" // one for each address it answered at
	FactDeviceMAC     = "device_mac"     // lower case with colons; absent behind a router
	FactDeviceVendor  = "device_vendor"  // whom the IEEE gave the MAC's prefix
	FactDeviceRandom  = "device_random"  // yes: the MAC is one that its owner made up
	FactDeviceSince   = "device_since"   // RFC 3339 UTC, when it was seen first
	FactDeviceNew     = "device_new"     // yes: nobody has said that it is known
	FactDeviceAlso    = "device_also"    // the target whose address it is now; a hint only
)

var networkOnly = []definition{
	{NetworkCertificates, certificateParameters, judgeRemote},
	{NetworkDatabases, databaseParameters, judgeRemote},
	{NetworkDevices, nil, judgeRemote},
	{NetworkFileSharing, fileSharingParameters, judgeRemote},
	{NetworkRemoteAccess, remoteAccessParameters, judgeRemote},
	{NetworkTLS, tlsParameters, judgeRemote},
}

// networkRulings are what the judges of these checks read (ruling.go).
var networkRulings = map[ID]string{
	NetworkCertificates: certificateRulings,
	NetworkDatabases:    databaseRulings,
	NetworkDevices:      deviceRulings,
	NetworkFileSharing:  fileSharingRulings,
	NetworkRemoteAccess: remoteAccessRulings,
	NetworkTLS:          tlsRulings,
}

// networkOnlyFacts are the names of each check's facts.
var networkOnlyFacts = map[ID][]string{
	NetworkCertificates: {FactAsked, FactAnswers, FactUnfinished, FactCertificate, FactListens},
	NetworkDatabases:    {FactAsked, FactAnswers, FactUnfinished, FactListens},
	NetworkDevices: {
		FactDeviceAddress, FactDeviceMAC, FactDeviceVendor, FactDeviceRandom, FactDeviceSince, FactDeviceNew, FactDeviceAlso,
	},
	NetworkFileSharing:  {FactAsked, FactAnswers, FactUnfinished, FactListens},
	NetworkRemoteAccess: {FactAsked, FactAnswers, FactUnfinished, FactListens},
	NetworkTLS:          {FactAsked, FactAnswers, FactUnfinished, FactTLS, FactListens},
}

// With rdp = no not even one with Network Level Authentication may answer.
var remoteAccessParameters = []Parameter{{"rdp", "nla"}}

// A VNC server with a password is a failure too: its eight characters and all that
// is on the screen go over the wire as they are.
const remoteAccessRulings = `nothing that lets in who should not be
for listens
Protocol=telnet|+bad|Telnet at {Address}:{Port}
Protocol=vnc&Open=yes|+open|VNC at {Address}:{Port}
Protocol=vnc&-Open|+vnc|VNC at {Address}:{Port}
Protocol=vnc&Open=no|+vnc|VNC at {Address}:{Port}
Protocol=rdp&NLA=no|+bad|RDP without NLA at {Address}:{Port}
Protocol=rdp&$rdp=no|+rdp|RDP at {Address}:{Port}
Protocol=rdp&-NLA|+unclear|RDP at {Address}:{Port}
Protocol=ssh&Version=1|+bad|SSH 1 at {Address}:{Port}
Unclear=rdp|+unclear|RDP at {Address}:{Port}
Unclear=ssh|+unclear|SSH at {Address}:{Port}
Unclear=http&-Protocol|+unclear|{Address}:{Port}
Unclear=tls&-Protocol|+unclear|{Address}:{Port}
Unclear=vnc|+unclear|VNC at {Address}:{Port}
Unclear=telnet|+unclear|Telnet at {Address}:{Port}
end
open|critical|{open}|Anybody on the network can use the screen without a password: {open}.
bad|high|{bad}|Remote access that does not protect the password answers: {bad}.
vnc|medium|{vnc}|Remote access that encrypts nothing answers: {vnc}.
rdp|low|{rdp}|Remote Desktop can be reached: {rdp}.
-answers|unknown||The device answers on no port that is asked.
unclear|unknown||What answers could not be understood: {unclear}.
unfinished|unknown||Not everything was learned: {unfinished}.
|pass|nothing|Nothing answers that lets in who should not be.`

// With smb = no nobody may share files, as where no server should be.
var fileSharingParameters = []Parameter{{"smb", "new"}}

const fileSharingRulings = `no SMB 1, no FTP without TLS
for listens
SMB1=yes|+smb|{Address}:{Port}
Protocol=smb&$smb=no|+any|{Address}:{Port}
Protocol=ftp&Encryption=none|+ftp|{Address}:{Port}
Unclear=smb|+unclear|{Address}:{Port}
Unclear=ftp|+unclear|{Address}:{Port}
end
smb|high|SMB 1 at {smb}|Files are shared by SMB 1: {smb}.
ftp|medium|FTP at {ftp}|FTP without TLS answers, which sends passwords as they are: {ftp}.
any|low|SMB at {any}|Files are shared by SMB: {any}.
-answers|unknown||The device answers on no port that is asked.
unclear|unknown||What answers could not be understood: {unclear}.
unfinished|unknown||Not everything was learned: {unfinished}.
|pass|neither|Neither SMB 1 nor FTP without TLS answers.`

// With allow = yes databases may be reached as long as they ask for a password.
var databaseParameters = []Parameter{{"allow", "no"}}

const databaseRulings = `no database in reach
$allow=yes|expected|no database that is open to anybody
for listens
Protocol=mssql|+db|Microsoft SQL Server at {Address}:{Port}
Protocol=mysql|+db|MySQL at {Address}:{Port}
Protocol=postgresql|+db|PostgreSQL at {Address}:{Port}
Protocol=mongodb|+db|MongoDB at {Address}:{Port}
Protocol=redis|+db|Redis at {Address}:{Port}
Protocol=elasticsearch|+db|Elasticsearch at {Address}:{Port}
Protocol=memcached|+db|memcached at {Address}:{Port}
Protocol=redis&Open=yes|+open|Redis at {Address}:{Port}
Protocol=elasticsearch&Open=yes|+open|Elasticsearch at {Address}:{Port}
Protocol=memcached&Open=yes|+open|memcached at {Address}:{Port}
Unclear=database|+unclear|{Address}:{Port}
Unclear=tls&-Protocol|+unclear|{Address}:{Port}
end
open|critical|{open}|A database answers anybody without a password: {open}.
db&$allow!yes|low|{db}|A database can be reached from the network: {db}.
-answers|unknown||The device answers on no port that is asked.
unclear|unknown||What answers could not be understood: {unclear}.
unfinished|unknown||Not everything was learned: {unfinished}.
db|pass|{db}|No database was found open to anybody.
|pass|none|No database answers.`

// With plain_http = no a web server must lead to HTTPS. The default lets be: nearly
// every printer and switch has such a page.
var tlsParameters = []Parameter{{"plain_http", "yes"}}

const tlsRulings = `TLS 1.2 or newer only
for tls
SSL3=yes|+ssl|{Address}:{Port}
TLS10=yes|+old|TLS 1.0 at {Address}:{Port}
TLS11=yes|+old|TLS 1.1 at {Address}:{Port}
-SSL3|+unclear|{Address}:{Port}
-TLS10|+unclear|{Address}:{Port}
-TLS11|+unclear|{Address}:{Port}
end
for listens
Unclear=tls|+unclear|{Address}:{Port}
Unclear=http|+unclear|{Address}:{Port}
Protocol=http&-Redirect|+plain|{Address}:{Port}
end
ssl|high|SSL 3.0 at {ssl}|SSL 3.0, which is broken, is offered: {ssl}.
old|medium|{old}|Old versions of TLS are offered: {old}.
plain&$plain_http=no|low|HTTP at {plain}|A web server answers without TLS: {plain}.
-answers|unknown||The device answers on no port that is asked.
unclear|unknown||Not every version could be tried: {unclear}.
unfinished|unknown||Not everything was learned: {unfinished}.
plain|pass|no old TLS|No old version of TLS is offered. HTTP without TLS answers: {plain}.
|pass|no old TLS|No old version of TLS is offered.`

var certificateParameters = []Parameter{{"min_days", "30"}}

const certificateRulings = `valid for {$min_days} days or more, with strong keys
for certificate
Expired=yes|+expired|{Address}:{Port}
NotYet=yes|+early|{Address}:{Port}
Weak=yes|+weak|{Key} at {Address}:{Port}
DaysLeft<min_days|+soon|{Address}:{Port} in {DaysLeft} days
SelfSigned=yes|+own|{Address}:{Port}
end
for listens
Unclear=tls|+unclear|{Address}:{Port}
end
expired|medium|expired at {expired}|A certificate has expired: {expired}.
early|medium|not valid yet at {early}|A certificate is not valid yet: {early}.
weak|medium|{weak}|A certificate's key or signature is weak: {weak}.
soon|low|{soon}|A certificate expires soon: {soon}.
-answers|unknown||The device answers on no port that is asked.
unclear|unknown||A certificate could not be read: {unclear}.
unfinished|unknown||Not everything was learned: {unfinished}.
own|pass|self-signed at {own}|No certificate expires soon or is weak. Signed by nobody else: {own}.
|pass|well|No certificate expires soon or is weak.`

// A phone that makes up another MAC each day is no news, and a device behind a
// router is known by its address only, which says nothing about it being new.
const deviceRulings = `a device that somebody knows
-device_address|unknown||The device could not be read.
device_random|pass|private MAC|The device makes its MAC address up, so that nobody can tell whether it is new.
device_new&device_vendor|low|new: {device_vendor}|A device that nobody has named was seen first: {device_vendor}, MAC {device_mac}, at {device_address}.
device_new|low|new: {device_mac}|A device that nobody has named was seen first: MAC {device_mac}, at {device_address}.
|pass|known|The device was here before, or somebody named it.`

package check

// Facts of defender, beside the host's, FactService and FactSecurityProduct.
const (
	FactDefender     = "status" // a row: AntivirusEnabled, RealTimeProtectionEnabled, AntivirusSignatureAge
	FactDefenderMode = "mode"   // a row: AMRunningMode, IsTamperProtected
	FactOtherService = "other"  // a row for each service of another product
)

var defenderParameters = []Parameter{{"max_signature_age_days", "7"}}

// Any product is accepted that protects: Defender itself, one that the security
// centre of a client Windows knows, or one whose service runs, which is all that a
// server tells; of a client only where the centre could not be asked. 8192 is a
// product that is snoozed or whose licence has expired: it may set 4096 as well.
// D68DDC3A begins Defender's own entry in the security centre, on every Windows. An
// error other than a missing namespace or class, which means a missing product,
// leaves something unsaid; 0x80041017, an invalid query, is that of a Defender that
// knows no mode yet.
const defenderRulings = `real-time protection, signatures at most {$max_signature_age_days} days old
for status
first_status|next
|+first_status|yes
AntivirusEnabled=true&RealTimeProtectionEnabled=true|+protects|yes
|+age|{AntivirusSignatureAge}
end
for mode
first_mode|next
|+first_mode|yes
|+runs|{AMRunningMode}
end
runs~Passive|+passive|yes
for product
instanceGuid~D68DDC3A-831F-4fae-9E44-DA132C1ACF46|next
productState%8192|next
productState%4096&productState%16|+old|{displayName}
productState%16|next
productState%4096|+rival|{displayName}
end
for other
State=4&host.product_type?23|+rival|{Name}
State=4&host.product_type=1&product_error|+rival|{Name}
end
for service
|+services|yes
State!4|+stopped|{Name}
end
protects&mode_error&mode_error!code 0x80041017|unknown||Whether Microsoft Defender is passive could not be read.
protects&-passive&age>max_signature_age_days|high|Defender on, signatures out of date|Defender's signatures are too old.
protects&-passive&age#|pass|Defender on|Microsoft Defender protects in real time.
protects&-passive|unknown|Defender on|The age of Defender's signatures could not be read.
rival|pass|{rival}|Another product, {rival}, protects.
old|high|{old}, signatures out of date|The signatures of {old} are too old.
status_error&status_error!code 0x8004100e&status_error!code 0x80041010&-stopped|unknown||What protects against malware could not be read.
host.product_type=1&product_error|unknown||What protects against malware could not be read.
-status&-stopped&services|unknown||What protects against malware could not be read.
nothing|unknown||What protects against malware could not be read.
stopped|critical|{stopped} not running|The service {stopped} does not run, and no other product protects.
-status|critical|none|No product protects against malware.
runs=Normal|critical|real-time protection off|Defender does not protect in real time, and no other product does.
runs|critical|{runs}|Defender does not protect in real time, and no other product does.
|critical|real-time protection off|Defender does not protect in real time, and no other product does.`

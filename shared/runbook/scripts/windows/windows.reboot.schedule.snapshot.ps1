Set-StrictMode -Version 3.0
$system = Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_OperatingSystem' -Property 'LastBootUpTime'
Save-State -State ([ordered]@{ booted = $system.LastBootUpTime.ToUniversalTime().ToString('o', [cultureinfo]::InvariantCulture) })

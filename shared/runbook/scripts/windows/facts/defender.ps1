Set-StrictMode -Version 3.0
# Platform updates brought the properties of the mode; the status is older. A
# server has no security centre: there another product is a service that runs.
Add-HostFact
Add-ServiceFact -Fact 'service' -Name 'WinDefend'
Add-CimFact -Fact 'status' -Namespace 'root\Microsoft\Windows\Defender' -ClassName 'MSFT_MpComputerStatus' -Property 'AntivirusEnabled', 'RealTimeProtectionEnabled', 'AntivirusSignatureAge', 'AntivirusSignatureLastUpdated' -Optional
Add-CimFact -Fact 'mode' -Namespace 'root\Microsoft\Windows\Defender' -ClassName 'MSFT_MpComputerStatus' -Property 'AMRunningMode', 'IsTamperProtected' -Optional
Add-CimFact -Fact 'product' -Namespace 'root\SecurityCenter2' -ClassName 'AntiVirusProduct' -Property 'displayName', 'instanceGuid', 'productState' -Optional
Add-ServiceFact -Fact 'other' -Name 'CSFalconService', 'SentinelAgent', 'EPSecurityService', 'Sophos Endpoint Defense Service', 'ekrn', 'WRSVC', 'MBAMService'
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows Defender' -Name 'DisableAntiSpyware'
Add-Owner -Owner 'gpo' -Path 'HKLM:\SOFTWARE\Policies\Microsoft\Windows Defender\Real-Time Protection' -Name 'DisableRealtimeMonitoring'
Add-Owner -Owner 'mdm' -Path 'HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\Defender' -Name 'AllowRealtimeMonitoring'
Add-Owner -Owner 'local'

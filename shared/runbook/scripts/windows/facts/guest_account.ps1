Set-StrictMode -Version 3.0
# The account whose SID ends in -501, whatever it is called. A domain controller
# has no accounts of its own: there it is the domain's, and the filter names the
# domain, because WMI would look through every trusted one.
Add-HostFact
$place = 'LocalAccount=TRUE'
if ((Get-HostFact)['host.product_type'] -eq 2) {
    $place = "Domain='" + (Get-OwnDomainName) + "'"
}
foreach ($account in @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_UserAccount' -Property 'Name', 'Disabled' -Filter "$place AND SID LIKE 'S-1-5-21-%-501'")) {
    Add-Row -Fact 'account' -Row ([ordered]@{ Name = $account.Name; Disabled = [int]$account.Disabled })
}
Add-ResultantOwner -ClassName 'RSOP_SecuritySettingBoolean' -Filter "KeyName='EnableGuestAccount'"
Add-Owner -Owner 'local'

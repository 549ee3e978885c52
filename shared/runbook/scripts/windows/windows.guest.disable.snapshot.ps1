Set-StrictMode -Version 3.0
if ((Get-HostFact)['host.product_type'] -eq 2) {
    throw 'the guest account of a domain is for its administrator to disable'
}
$account = @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_UserAccount' -Property 'Name', 'Domain', 'SID', 'Disabled' -Filter "LocalAccount=TRUE AND SID LIKE 'S-1-5-21-%-501'")
if ($account.Count -ne 1) {
    throw 'there is not exactly one account with RID 501'
}
Save-State -State ([ordered]@{ sid = $account[0].SID; disabled = [bool]$account[0].Disabled })

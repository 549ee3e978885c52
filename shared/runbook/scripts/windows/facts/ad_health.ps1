Set-StrictMode -Version 3.0
Add-HostFact
if ((Get-HostFact)['host.product_type'] -eq 2) {
    try {
        foreach ($partner in @(Find-CimInstance -Namespace 'root\MicrosoftActiveDirectory' -ClassName 'MSAD_ReplNeighbor' -Property 'SourceDsaCN', 'NamingContextDN', 'NumConsecutiveSyncFailures', 'LastSyncResult')) {
            Add-Row -Fact 'replication' -Row ([ordered]@{
                Partner = $partner.SourceDsaCN
                Context = $partner.NamingContextDN
                Failures = $partner.NumConsecutiveSyncFailures
                Result = $partner.LastSyncResult
            })
        }
    } catch {
        Add-Fact -Name 'replication_error' -Value ('code ' + (Get-ErrorCode -Record $_))
    }
    $domain = Get-OwnDomainName
    $locked = @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_UserAccount' -Property 'SID' -Filter "Domain='$domain' AND Lockout=TRUE")
    Add-Fact -Name 'locked_accounts' -Value $locked.Count
}

Set-StrictMode -Version 3.0
# Windows lets nobody search at Microsoft's server, download or install over a
# network logon, so this asks what its own last search found; if that is older
# than three days, nothing is known.
Add-HostFact
Add-Fact -Name 'date' -Value ([datetime]::UtcNow.ToString('yyyy-MM-dd', [cultureinfo]::InvariantCulture))
try {
    $age = Get-UpdateSearchAge
    if ($null -eq $age -or $age -gt 72) {
        throw 'Windows has not searched for updates lately'
    }
    $searcher = (New-Object -ComObject 'Microsoft.Update.Session').CreateUpdateSearcher()
    $searcher.Online = $false
    $found = $searcher.Search("IsInstalled=0 and IsHidden=0 and Type='Software'")
    if ($found.ResultCode -ne 2) {
        throw 'the search for updates has errors'
    }
    foreach ($update in $found.Updates) {
        # The category Security Updates, whatever its name is here.
        $security = @($update.Categories | Where-Object -FilterScript { $_.CategoryID -eq '0fa1201d-4330-4fa8-8ae9-b877473b6441' }).Count -gt 0
        $row = [ordered]@{ KB = $null; ID = $null; Security = [int]$security; Severity = [string]$update.MsrcSeverity }
        foreach ($article in $update.KBArticleIDs) {
            $row['KB'] = 'KB' + $article
        }
        if ($null -eq $row['KB']) {
            $row['ID'] = $update.Identity.UpdateID
        }
        $row['Published'] = $update.LastDeploymentChangeTime.ToString('yyyy-MM-dd', [cultureinfo]::InvariantCulture)
        $row['Downloaded'] = [int]$update.IsDownloaded
        Add-Row -Fact 'update' -Row $row
    }
    Add-Row -Fact 'update' -Row ([ordered]@{ Searched = [datetime]::UtcNow.AddHours(-$age).ToString('yyyy-MM-dd', [cultureinfo]::InvariantCulture) })
} catch {
    Add-Fact -Name 'update_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}
# InstalledOn is a text of month/day/year, or of hexadecimal digits; the cmdlet
# would turn it into a date by the language of Windows.
try {
    foreach ($hotfix in @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_QuickFixEngineering' -Property 'HotFixID', 'InstalledOn')) {
        Add-CimRow -Fact 'hotfix' -Instance $hotfix -Property 'HotFixID', 'InstalledOn'
    }
} catch {
    Add-Fact -Name 'hotfix_error' -Value ('code ' + (Get-ErrorCode -Record $_))
}

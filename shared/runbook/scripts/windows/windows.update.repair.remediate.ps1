Set-StrictMode -Version 3.0
# What was downloaded comes again. The folder is Windows' own: only the system and
# administrators write there.
if ((Get-ServiceState -Name 'wuauserv')['Start'] -eq 4) {
    Set-ServiceStart -Name 'wuauserv' -Start 3
    Set-Changed
}
if ((Get-ServiceState -Name 'BITS')['Start'] -eq 4) {
    Set-ServiceStart -Name 'BITS' -Start 3
    Set-Changed
}
Stop-Service -Name 'wuauserv' -Force
Stop-Service -Name 'BITS' -Force
foreach ($item in @(Get-ChildItem -LiteralPath "$env:SystemRoot\SoftwareDistribution\Download" -Force)) {
    try {
        Remove-Item -LiteralPath "$env:SystemRoot\SoftwareDistribution\Download\$($item.Name)" -Recurse -Force
        Set-Changed
    } catch {
        Add-Note -Text ('Something stays: ' + (Get-ErrorCode -Record $_))
    }
}
Start-Service -Name 'wuauserv'

Set-StrictMode -Version 3.0
# Windows' folder for temporary files, by the names that it and installers give
# them: a log has none of these. No folder in it is entered, because anybody may
# make one and put a link in its place.
$before = [datetime]::UtcNow.AddDays(-7)
$old = @(Get-ChildItem -LiteralPath "$env:SystemRoot\Temp" -File -Force | Where-Object -FilterScript {
    ($_.Name -like '*.tmp' -or $_.Name -like 'cab_*') -and $_.LastWriteTimeUtc -lt $before
})
$kept = 0
foreach ($file in $old) {
    try {
        Remove-Item -LiteralPath "$env:SystemRoot\Temp\$($file.Name)" -Force
        Set-Changed
    } catch {
        $kept++
    }
}
if ($kept -gt 0) {
    Add-Note -Text "$kept files are in use and stay."
}

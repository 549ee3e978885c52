Set-StrictMode -Version 3.0
# Windows Time asks its source when it starts. What w32tm prints is in the language
# of Windows, so only its exit code is looked at.
$service = Get-ServiceState -Name 'W32Time'
if ($null -eq $service) {
    throw 'the service W32Time is not installed'
}
if ($service['Start'] -eq 4) {
    Set-ServiceStart -Name 'W32Time' -Start 2
}
Restart-Service -Name 'W32Time' -Force
Set-Changed
if (-not (Wait-ServiceState -Name 'W32Time' -State 4 -Seconds 20)) {
    Add-Note -Text 'Windows Time did not start in 20 seconds.'
}
$code = Invoke-Program -Program 'w32tm.exe' -ArgumentList '/resync', '/rediscover'
if ($code -ne 0) {
    Add-Note -Text "w32tm /resync ended with $code."
}
Start-Sleep -Seconds 10

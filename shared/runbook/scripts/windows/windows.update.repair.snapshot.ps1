Set-StrictMode -Version 3.0
$update = Get-ServiceState -Name 'wuauserv'
$transfer = Get-ServiceState -Name 'BITS'
if ($null -eq $update -or $null -eq $transfer) {
    throw 'the service wuauserv or BITS is not installed'
}
Save-State -State ([ordered]@{ wuauserv = $update['Start']; bits = $transfer['Start']; bits_state = $transfer['State'] })

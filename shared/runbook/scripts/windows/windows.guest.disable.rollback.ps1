Set-StrictMode -Version 3.0
if (-not (Get-Saved -Name 'disabled')) {
    Enable-LocalUser -SID (Get-Saved -Name 'sid')
    Set-Changed
}

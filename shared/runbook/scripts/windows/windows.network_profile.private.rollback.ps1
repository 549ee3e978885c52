Set-StrictMode -Version 3.0
foreach ($index in ([string](Get-Saved -Name 'public')).Split(',')) {
    if ($index -ne '') {
        Set-NetConnectionProfile -InterfaceIndex ([uint32]$index) -NetworkCategory 'Public'
        Set-Changed
    }
}

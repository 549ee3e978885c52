Set-StrictMode -Version 3.0
Set-ServiceStart -Name 'VSS' -Start ([int](Get-Saved -Name 'vss'))
Set-ServiceStart -Name 'swprv' -Start ([int](Get-Saved -Name 'swprv'))
Set-Changed

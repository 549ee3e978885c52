Set-StrictMode -Version 3.0
# What was downloaded comes again by itself.
Set-ServiceStart -Name 'wuauserv' -Start ([int](Get-Saved -Name 'wuauserv'))
Set-ServiceStart -Name 'BITS' -Start ([int](Get-Saved -Name 'bits'))
Set-Changed

# What a command line of Windows carries. It reads one JSON document from the
# standard input, takes the prelude from it and lets that run the parts. Lines of
# comment and indents are not sent: cmd.exe takes 8,190 characters.
Set-StrictMode -Version 3.0
# An application control policy that does not trust this account's scripts leaves
# them a language in which nothing here can work.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw 'an application control policy restricts PowerShell for this account: scripts need the full language'
}
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
# A document is one line of ASCII. Joined here, because Out-String could wrap it.
$OsirisText = [string]::Join('', @($input))
$OsirisDocument = ConvertFrom-Json -InputObject $OsirisText
if ($OsirisDocument.v -ne 1) {
    throw 'this document has another version'
}
. ([scriptblock]::Create($OsirisDocument.prelude))
Invoke-OsirisDocument -Document $OsirisDocument
exit 0

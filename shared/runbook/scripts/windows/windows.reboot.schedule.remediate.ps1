Set-StrictMode -Version 3.0
# In a minute, so that this reply still arrives; planned, for the log.
$code = Invoke-Program -Program 'shutdown.exe' -ArgumentList '/r', '/t', '60', '/d', 'p:2:17'
if ($code -ne 0) {
    throw "shutdown ended with $code"
}
Set-Changed
Set-RebootNeeded

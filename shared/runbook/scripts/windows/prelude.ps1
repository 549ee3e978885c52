# What all parts share on Windows PowerShell 5.1: the runner, and the words by
# which parts read Windows and answer. A part sees $Parameters, what was saved as
# $Snapshot, and $Result, which the words below fill. Its output is dropped.
# Whatever is written has a fixed spelling in every language of Windows: numbers,
# codes, names that Windows does not translate.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

function ConvertTo-JsonText {
    param([string]$Text)
    $escaped = [regex]::Replace($Text, '[^ !#-\[\]-~]', { param($found) '\u{0:x4}' -f [int][char]$found.Value })
    return '"' + $escaped + '"'
}

# The code of WMI or of the exception, as the agent spells it. Providers of the
# MSFT_ classes tell the number of Windows' error, or MI's own, in the error's id:
# the exception's code is the same for all of them.
function Get-ErrorCode {
    param([System.Management.Automation.ErrorRecord]$Record)
    if ($Record.FullyQualifiedErrorId -match '0x[0-9A-Fa-f]{8}') {
        return $Matches[0].ToLowerInvariant()
    }
    if ($Record.FullyQualifiedErrorId -match 'Windows System Error ([0-9]{1,5})\b') {
        return '0x8007{0:x4}' -f [int]$Matches[1]
    }
    if ($Record.FullyQualifiedErrorId -match 'MI RESULT ([0-9]{1,5})\b') {
        return 'mi {0}' -f [int]$Matches[1]
    }
    $cause = $Record.Exception
    while ($null -ne $cause.InnerException) {
        $cause = $cause.InnerException
    }
    return '0x{0:x8}' -f $cause.HResult
}

function ConvertTo-FactText {
    param($Value)
    if ($Value -is [bool]) {
        return $Value.ToString().ToLowerInvariant()
    }
    if ($Value -is [datetime]) {
        return $Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
    }
    if ($Value -is [enum]) {
        return ([long]$Value).ToString([cultureinfo]::InvariantCulture)
    }
    if ($Value -is [array]) {
        return [string]::Join("`n", @($Value))
    }
    return [string]::Format([cultureinfo]::InvariantCulture, '{0}', $Value)
}

# Users write some of what is told, such as their own screen's settings, at any
# length; the appliance takes 16 KiB for each fact and 2,000 of them. What is longer
# is cut, and with more facts the part is an error: some would be missing.
function Get-ShortText {
    param([string]$Text, [int]$Most)
    if ($Text.Length -gt $Most) {
        return $Text.Substring(0, $Most)
    }
    return $Text
}

function Add-FactText {
    param([string]$Name, [string]$Text)
    if ($Result.Facts.Count -ge 2000) {
        throw 'this host has more than 2000 facts to tell'
    }
    $null = $Result.Facts.Add(@($Name, (Get-ShortText -Text $Text -Most 4096)))
}

function Add-Fact {
    param([string]$Name, $Value)
    if ($null -ne $Value) {
        Add-FactText -Name $Name -Text (ConvertTo-FactText -Value $Value)
    }
}

function Test-Fact {
    param([string]$Name)
    foreach ($fact in $Result.Facts) {
        if ($fact[0] -ceq $Name) {
            return $true
        }
    }
    return $false
}

# A row is the text NAME=VALUE;NAME=VALUE, as row.go of the judges reads it.
function Add-Row {
    param([string]$Fact, [System.Collections.Specialized.OrderedDictionary]$Row)
    $fields = foreach ($name in $Row.Keys) {
        if ($null -ne $Row[$name]) {
            $text = (Get-ShortText -Text (ConvertTo-FactText -Value $Row[$name]) -Most 256).Replace('\', '\\').Replace(';', '\;')
            $name + '=' + ($text -replace "[`r`n`0]", ' ')
        }
    }
    Add-FactText -Name $Fact -Text ([string]::Join(';', @($fields)))
}

function Add-Note {
    param([string]$Text)
    if ($Result.Notes.Count -lt 100) {
        $null = $Result.Notes.Add((Get-ShortText -Text $Text -Most 1024))
    }
}

function Set-Changed {
    $Result.Changed = $true
}

function Set-RebootNeeded {
    $Result.Reboot = $true
}

function Save-State {
    param([System.Collections.IDictionary]$State)
    $Result.State = ConvertTo-Json -InputObject $State -Depth 6 -Compress
}

# A key of the registry's 64-bit view; nothing if there is none. Path begins with
# HKLM:\ or HKU:\.
function Open-RegistryKey {
    param([string]$Path, [switch]$Write)
    $hive = [Microsoft.Win32.RegistryHive]::LocalMachine
    if ($Path.StartsWith('HKU:\')) {
        $hive = [Microsoft.Win32.RegistryHive]::Users
    }
    $root = [Microsoft.Win32.RegistryKey]::OpenBaseKey($hive, [Microsoft.Win32.RegistryView]::Registry64)
    $below = $Path.Substring($Path.IndexOf('\') + 1)
    if ($Write) {
        return $root.CreateSubKey($below)
    }
    return $root.OpenSubKey($below)
}

function Get-RegistryData {
    param([string]$Path, [string]$Name)
    $key = Open-RegistryKey -Path $Path
    if ($null -eq $key) {
        return $null
    }
    $data = $key.GetValue($Name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
    $key.Close()
    if ($data -is [int]) {
        # A DWORD has no sign.
        return [System.BitConverter]::ToUInt32([System.BitConverter]::GetBytes($data), 0)
    }
    return , $data
}

function Test-RegistryKey {
    param([string]$Path)
    $key = Open-RegistryKey -Path $Path
    if ($null -eq $key) {
        return $false
    }
    $key.Close()
    return $true
}

function Get-RegistryKeyName {
    param([string]$Path)
    $key = Open-RegistryKey -Path $Path
    if ($null -eq $key) {
        return @()
    }
    $names = $key.GetSubKeyNames()
    $key.Close()
    return $names
}

function Add-RegistryFact {
    param([string]$Fact, [string]$Path, [string]$Name)
    Add-Fact -Name $Fact -Value (Get-RegistryData -Path $Path -Name $Name)
}

function Add-RegistryKeyFact {
    param([string]$Fact, [string]$Path)
    if (Test-RegistryKey -Path $Path) {
        Add-Fact -Name $Fact -Value 'yes'
    }
}

# Sets a DWORD; nothing as the value removes it.
function Set-RegistryDword {
    param([string]$Path, [string]$Name, $Value)
    if ($null -eq $Value) {
        if (Test-RegistryKey -Path $Path) {
            $key = Open-RegistryKey -Path $Path -Write
            $key.DeleteValue($Name, $false)
            $key.Close()
        }
        return
    }
    $key = Open-RegistryKey -Path $Path -Write
    $data = [System.BitConverter]::ToInt32([System.BitConverter]::GetBytes([uint32]$Value), 0)
    $key.SetValue($Name, $data, [Microsoft.Win32.RegistryValueKind]::DWord)
    $key.Close()
}

# Who sets what the check looks at: the first of its lines whose value exists.
function Add-Owner {
    param([string]$Owner, [string]$Path = '', [string]$Name = '')
    if (Test-Fact -Name 'owner') {
        return
    }
    if ($Path -eq '' -or $null -ne (Get-RegistryData -Path $Path -Name $Name)) {
        Add-Fact -Name 'owner' -Value $Owner
    }
}

# Group policy owns what it applied last, as its client-side extensions logged it
# (RSoP). Where that cannot be read the fact owner_error says so, and the
# appliance changes nothing that policy may set.
function Add-ResultantOwner {
    param([string]$ClassName, [string]$Filter)
    if (Test-Fact -Name 'owner') {
        return
    }
    try {
        $found = @(Find-CimInstance -Namespace 'root\rsop\computer' -ClassName $ClassName -Property 'precedence' -Filter $Filter)
    } catch {
        Add-Fact -Name 'owner_error' -Value ('code ' + (Get-ErrorCode -Record $_))
        return
    }
    if ($found.Count -gt 0) {
        Add-Fact -Name 'owner' -Value 'gpo'
    }
}

# A row for each instance. What is optional becomes the fact NAME_error, "code
# 0x...", as the judges compare it.
function Add-CimFact {
    param([string]$Fact, [string]$Namespace, [string]$ClassName, [string[]]$Property, [string]$Filter = '', [switch]$Optional)
    try {
        $instances = @(Find-CimInstance -Namespace $Namespace -ClassName $ClassName -Property $Property -Filter $Filter)
    } catch {
        if (-not $Optional) {
            throw
        }
        Add-Fact -Name ($Fact + '_error') -Value ('code ' + (Get-ErrorCode -Record $_))
        return
    }
    foreach ($instance in $instances) {
        Add-CimRow -Fact $Fact -Instance $instance -Property $Property
    }
}

function Find-CimInstance {
    param([string]$Namespace, [string]$ClassName, [string[]]$Property, [string]$Filter = '')
    $query = 'SELECT ' + [string]::Join(',', $Property) + ' FROM ' + $ClassName
    if ($Filter -ne '') {
        $query = $query + ' WHERE ' + $Filter
    }
    Get-CimInstance -Namespace $Namespace -Query $query -OperationTimeoutSec 30
}

function Add-CimRow {
    param([string]$Fact, [ciminstance]$Instance, [string[]]$Property)
    $row = [ordered]@{}
    foreach ($name in $Property) {
        $row[$name] = $Instance.CimInstanceProperties[$name].Value
    }
    Add-Row -Fact $Fact -Row $row
}

# A row for each service or driver that is there: the numbers of winsvc.h.
function Add-ServiceFact {
    param([string]$Fact, [string[]]$Name)
    foreach ($one in $Name) {
        $service = Get-ServiceState -Name $one
        if ($null -ne $service) {
            Add-Row -Fact $Fact -Row $service
        }
    }
}

function Get-ServiceState {
    param([string]$Name)
    $found = @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_BaseService' -Property 'Name', 'State', 'StartMode' -Filter "Name='$Name'")
    if ($found.Count -eq 0) {
        return $null
    }
    # WMI's words for them are the same in every language.
    $states = @{ 'Stopped' = 1; 'Start Pending' = 2; 'Stop Pending' = 3; 'Running' = 4; 'Continue Pending' = 5; 'Pause Pending' = 6; 'Paused' = 7 }
    $starts = @{ 'Boot' = 0; 'System' = 1; 'Auto' = 2; 'Manual' = 3; 'Disabled' = 4 }
    $row = [ordered]@{ Name = $Name; State = $states[$found[0].State]; Start = $starts[$found[0].StartMode] }
    $key = 'HKLM:\SYSTEM\CurrentControlSet\Services\' + $Name
    $row['Delayed'] = [int]((Get-RegistryData -Path $key -Name 'DelayedAutostart') -eq 1)
    $row['Trigger'] = [int](Test-RegistryKey -Path ($key + '\TriggerInfo'))
    return $row
}

# The start type: 2 by itself, 3 on demand, 4 never.
function Set-ServiceStart {
    param([string]$Name, [int]$Start)
    $words = @{ 2 = 'Automatic'; 3 = 'Manual'; 4 = 'Disabled' }
    Set-Service -Name $Name -StartupType $words[$Start]
}

function Wait-ServiceState {
    param([string]$Name, [int]$State, [int]$Seconds)
    for ($i = 0; $i -lt $Seconds; $i++) {
        $now = Get-ServiceState -Name $Name
        if ($null -ne $now -and $now['State'] -eq $State) {
            return $true
        }
        Start-Sleep -Seconds 1
    }
    return $false
}

# What kind of Windows this is; the same facts go to each check that asks.
function Get-HostFact {
    if ($null -eq $OsirisHost.Facts) {
        $system = Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_OperatingSystem' -Property 'ProductType', 'SystemDrive'
        $computer = Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_ComputerSystem' -Property 'DomainRole'
        $version = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
        $OsirisHost.Facts = [ordered]@{
            'host.product_type' = $system.ProductType
            'host.system_drive' = $system.SystemDrive
            'host.domain_role' = $computer.DomainRole
            'host.edition' = Get-RegistryData -Path $version -Name 'EditionID'
            'host.build' = Get-RegistryData -Path $version -Name 'CurrentBuild'
            'host.revision' = Get-RegistryData -Path $version -Name 'UBR'
        }
    }
    return $OsirisHost.Facts
}

function Add-HostFact {
    $facts = Get-HostFact
    foreach ($name in $facts.Keys) {
        Add-Fact -Name $name -Value $facts[$name]
    }
}

# Calls a method of an instance and gives what it answers. ReturnValue other than 0
# is an error, unless the caller looks at it.
function Invoke-CimAction {
    param([string]$Namespace, [string]$ClassName, $Instance = $null, [string]$MethodName, [System.Collections.IDictionary]$Arguments = @{}, [switch]$AnyAnswer)
    if ($null -eq $Instance) {
        $answer = Invoke-CimMethod -Namespace $Namespace -ClassName $ClassName -MethodName $MethodName -Arguments $Arguments -OperationTimeoutSec 60
    } else {
        $answer = Invoke-CimMethod -InputObject $Instance -MethodName $MethodName -Arguments $Arguments -OperationTimeoutSec 60
    }
    if (-not $AnyAnswer -and $answer.ReturnValue -ne 0) {
        throw ($ClassName + '.' + $MethodName + ' answers ' + [string]$answer.ReturnValue)
    }
    return $answer
}

# Calls a method that only reads, whatever it answers.
function Read-CimMethod {
    param([string]$Namespace, [string]$ClassName, [ciminstance]$Instance, [string]$MethodName, [System.Collections.IDictionary]$Arguments = @{})
    return Invoke-CimAction -Namespace $Namespace -ClassName $ClassName -Instance $Instance -MethodName $MethodName -Arguments $Arguments -AnyAnswer
}

# Runs a program of Windows and gives its exit code. What it prints is in the
# language of Windows and dropped; its errors are not redirected, because that
# makes an error of each line.
function Invoke-Program {
    param([string]$Program, [string[]]$ArgumentList)
    $path = [System.Environment]::SystemDirectory + '\' + $Program
    $null = & $path @ArgumentList
    return $LASTEXITCODE
}

# A file that only administrators and the system can read, for programs that
# write files; the caller deletes it.
function New-ScratchPath {
    $folder = [System.IO.Path]::GetTempPath() + 'osiris-' + [guid]::NewGuid().ToString('N')
    $rights = New-Object -TypeName System.Security.AccessControl.DirectorySecurity
    $rights.SetSecurityDescriptorSddlForm('D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
    $null = [System.IO.Directory]::CreateDirectory($folder, $rights)
    return $folder + '\out'
}

function Remove-ScratchPath {
    param([string]$Path)
    [System.IO.Directory]::Delete([System.IO.Path]::GetDirectoryName($Path), $true)
}

# What each audit subcategory records: by its GUID, a number with bit 1 for success
# and bit 2 for failure. Of the file that auditpol saves, GUIDs and the last column
# are the same in every language.
function Get-AuditPolicy {
    $path = New-ScratchPath
    try {
        $code = Invoke-Program -Program 'auditpol.exe' -ArgumentList '/backup', ('/file:' + $path)
        if ($code -ne 0) {
            throw "auditpol ended with $code"
        }
        $lines = [System.IO.File]::ReadAllLines($path)
    } finally {
        Remove-ScratchPath -Path $path
    }
    $found = @{}
    foreach ($line in $lines) {
        if ($line -match '\{([0-9A-Fa-f-]{36})\}.*,([0-4])\s*$' -and -not $found.ContainsKey($Matches[1].ToUpperInvariant())) {
            $found[$Matches[1].ToUpperInvariant()] = [int]$Matches[2]
        }
    }
    if ($found.Count -eq 0) {
        throw 'auditpol told of no subcategory'
    }
    return $found
}

# The numbers of [System Access]: secedit's names are the same in every language.
function Get-SecurityPolicy {
    $path = New-ScratchPath
    try {
        $code = Invoke-Program -Program 'secedit.exe' -ArgumentList '/export', '/areas', 'SECURITYPOLICY', '/cfg', $path, '/quiet'
        if ($code -ne 0) {
            throw "secedit ended with $code"
        }
        $lines = [System.IO.File]::ReadAllLines($path)
    } finally {
        Remove-ScratchPath -Path $path
    }
    $found = @{}
    foreach ($line in $lines) {
        if ($line -match '^\s*([A-Za-z]+)\s*=\s*(-?[0-9]+)\s*$') {
            $found[$Matches[1]] = [long]$Matches[2]
        }
    }
    if ($found.Count -eq 0) {
        throw 'secedit told of no setting'
    }
    return $found
}

# Events of the last hours, newest first. No event and no such log are nothing.
function Find-Event {
    param([string]$LogName, [string]$ProviderName = '', [int[]]$Id = @(), [int]$Level = -1, [int]$Hours)
    $filter = @{ LogName = $LogName; StartTime = [datetime]::Now.AddHours(-$Hours) }
    if ($ProviderName -ne '') {
        $filter['ProviderName'] = $ProviderName
    }
    if ($Id.Count -gt 0) {
        $filter['Id'] = $Id
    }
    if ($Level -ge 0) {
        $filter['Level'] = $Level
    }
    try {
        Get-WinEvent -FilterHashtable $filter -MaxEvents 200
    } catch {
        if ($_.FullyQualifiedErrorId -notmatch '^NoMatching(Events|Logs|Providers)Found') {
            throw
        }
    }
}

# The NetBIOS name of a domain controller's own domain.
function Get-OwnDomainName {
    $controller = '\\\\' + [System.Environment]::MachineName
    $domain = @(Find-CimInstance -Namespace 'root\cimv2' -ClassName 'Win32_NTDomain' -Property 'DomainName', 'DomainControllerName' -Filter "DomainControllerName='$controller'")
    if ($domain.Count -eq 0) {
        throw 'the domain of this domain controller is not known'
    }
    return $domain[0].DomainName
}

# Hours since the last search for updates that succeeded; nothing if none did.
function Get-UpdateSearchAge {
    $last = (New-Object -ComObject 'Microsoft.Update.AutoUpdate').Results.LastSearchSuccessDate
    if ($last -isnot [datetime] -or $last.Year -lt 2000) {
        return $null
    }
    return [int][math]::Floor(([datetime]::UtcNow - [datetime]::SpecifyKind($last, [System.DateTimeKind]::Utc)).TotalHours)
}

# A parameter's text; the appliance has checked it against the schema.
function Get-Parameter {
    param([string]$Name)
    $member = $Parameters.PSObject.Properties[$Name]
    if ($null -eq $member) {
        throw "the parameter $Name is missing"
    }
    return [string]$member.Value
}

# A member of what the snapshot saved; nothing if it saved none.
function Get-Saved {
    param([string]$Name)
    if ($null -eq $Snapshot) {
        throw 'there is no snapshot'
    }
    $member = $Snapshot.PSObject.Properties[$Name]
    if ($null -eq $member) {
        return $null
    }
    return $member.Value
}

function ConvertTo-PartText {
    param([string]$Name, [hashtable]$Result, [long]$Ms)
    $text = '{"name":' + (ConvertTo-JsonText -Text $Name) + ',"ms":' + $Ms
    $text = $text + ',"changed":' + $Result.Changed.ToString().ToLowerInvariant() + ',"reboot":' + $Result.Reboot.ToString().ToLowerInvariant()
    if ($null -ne $Result.Error) {
        return $text + ',"ok":false,"error":' + (ConvertTo-JsonText -Text $Result.Error) + ',"code":' + (ConvertTo-JsonText -Text $Result.Code) + '}'
    }
    $facts = @(foreach ($fact in $Result.Facts) {
        '[' + (ConvertTo-JsonText -Text $fact[0]) + ',' + (ConvertTo-JsonText -Text $fact[1]) + ']'
    })
    $notes = @(foreach ($note in $Result.Notes) {
        ConvertTo-JsonText -Text $note
    })
    $state = 'null'
    if ($null -ne $Result.State) {
        $state = [regex]::Replace($Result.State, '[^ -~]', { param($found) '\u{0:x4}' -f [int][char]$found.Value })
    }
    $text = $text + ',"ok":true,"facts":[' + [string]::Join(',', $facts) + '],"state":' + $state
    return $text + ',"notes":[' + [string]::Join(',', $notes) + ']}'
}

function Invoke-OsirisPart {
    param($Part, $Parameters, $Snapshot)
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $Result = @{
        Facts = New-Object -TypeName System.Collections.ArrayList
        Notes = New-Object -TypeName System.Collections.ArrayList
        State = $null
        Changed = $false
        Reboot = $false
        Error = $null
        Code = ''
    }
    try {
        $null = & ([scriptblock]::Create($Part.script))
    } catch {
        $Result.Error = Get-ShortText -Text ([string]$_.Exception.Message) -Most 2048
        $Result.Code = Get-ErrorCode -Record $_
    }
    return ConvertTo-PartText -Name $Part.name -Result $Result -Ms $clock.ElapsedMilliseconds
}

# How long this PowerShell has run, which was started for the document: seconds, on
# a slow host, before it could read it. Nothing where the clock was set meanwhile.
function Get-StartAge {
    $age = ([datetime]::UtcNow - [System.Diagnostics.Process]::GetCurrentProcess().StartTime.ToUniversalTime()).TotalMilliseconds
    if ($age -lt 0 -or $age -gt 600000) {
        return [long]0
    }
    return [long][math]::Floor($age)
}

function Invoke-OsirisDocument {
    param($Document)
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $before = Get-StartAge
    $OsirisHost = @{ Facts = $null }
    $texts = @(foreach ($part in $Document.parts) {
        Invoke-OsirisPart -Part $part -Parameters $Document.parameters -Snapshot $Document.snapshot
    })
    $computer = '{"hostname":' + (ConvertTo-JsonText -Text ([System.Environment]::MachineName))
    $computer = $computer + ',"ps":' + (ConvertTo-JsonText -Text ([string]$PSVersionTable.PSVersion))
    # How long it ran goes before what the clock shows: the appliance concludes that
    # the clock was read after so long, whatever happens between the two.
    $ran = $before + $clock.ElapsedMilliseconds
    # Milliseconds since 1970; a tick is 100 ns.
    $ticks = [datetime]::UtcNow.Ticks - 621355968000000000
    $utc = [long](($ticks - $ticks % 10000) / 10000)
    $computer = $computer + ',"utc_ms":' + $utc + ',"ran_ms":' + $ran + '}'
    [System.Console]::Out.WriteLine('OSIRIS-BEGIN')
    [System.Console]::Out.WriteLine('{"v":1,"host":' + $computer + ',"parts":[' + [string]::Join(',', $texts) + ']}')
    [System.Console]::Out.WriteLine('OSIRIS-END')
    [System.Console]::Out.Flush()
}

package check

// windowsOnly has the checks that only Windows has.
var windowsOnly = []definition{}

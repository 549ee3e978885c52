package config

const exampleTokenFile = "/Library/Application Support/Osiris/token.conf"

func defaultDirs() (data, root string) { return "/Library/Application Support/Osiris", "/" }

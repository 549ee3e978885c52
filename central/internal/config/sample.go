package config

// Sample is a commented configuration file with the defaults.
const Sample = `# osiris-central configuration. Every key may be left out; these are the
# defaults. OSIRIS_CENTRAL_<KEY> in the environment and --set key=value on the
# command line override the file.

# Database, keys and the archive of evidence. Back up all of it.
data_dir: /var/lib/osiris-central

# Appliances and osirisctl, TLS under Central's own authority. Port 0 takes a
# free one; the address is in <data_dir>/api.addr.
api_listen: ":8443"

# Dashboard and API for this computer only, plain HTTP. To reach it from
# elsewhere put a TLS proxy before it.
web_listen: 127.0.0.1:8090

# Address of api_listen as appliances reach it; it goes into provisioning codes.
public_url: https://localhost:8443

# text or json, on standard error.
log_format: text

# debug, info, warn or error.
log_level: info
`

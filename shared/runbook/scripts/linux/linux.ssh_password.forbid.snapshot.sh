# The drop-in of our own is all that remediate writes.
keep_file /etc/ssh/sshd_config.d/00-osiris-password.conf
state "$osiris_kept"

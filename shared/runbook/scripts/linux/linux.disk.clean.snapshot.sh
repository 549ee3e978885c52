# Deleted downloads stay deleted; how much there was is kept.
osiris_sizes=$(for osiris_folder in /var/cache/apt/archives /var/cache/dnf /var/cache/libdnf5 /var/cache/zypp/packages; do
  if [ -d "$osiris_folder" ]; then du -sk "$osiris_folder" 2>/dev/null; fi
done)
state "$osiris_sizes"

# Nothing was cut off.
printf 'OSIRIS-END\n'

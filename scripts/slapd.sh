#!/bin/sh
# Unpacks OpenLDAP from Debian's packages into a folder, installs nothing, and prints the folder. Needs apt-get and dpkg.
# Usage: scripts/slapd.sh [FOLDER]
set -eu

folder=${1:-${TMPDIR:-/tmp}/deedbook-slapd}

if [ ! -e "$folder/complete" ]; then
    mkdir -p "$folder/packages"
    chmod 777 "$folder/packages"
    cd "$folder/packages"
    perl=$(apt-cache depends slapd | sed -n 's/.*Depends: \(libperl[0-9.t]*\)$/\1/p' | head -n 1)
    ldap=$(apt-cache depends ldap-utils | sed -n 's/.*Depends: \(libldap[-0-9.]*\)$/\1/p' | head -n 1)
    apt-get download slapd ldap-utils libltdl7 libodbc2 libwrap0 libsasl2-2 libargon2-1 libcrypt1 ${perl:+"$perl"} ${ldap:+"$ldap"} >&2
    for package in *.deb; do dpkg -x "$package" "$folder"; done
    touch "$folder/complete"
fi
echo "$folder"

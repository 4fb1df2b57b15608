# keep.sh RECORD: notes the owner's host name and its line in /etc/hosts, once, before they are ours.
set -eu
if [ -e "$1" ]; then exit 0; fi
umask 077
mkdir -p "$(dirname "$1")"
chmod 755 "$(dirname "$1")"
{
    hostnamectl --static status 2>/dev/null || cat /etc/hostname 2>/dev/null || echo
    hostnamectl --pretty status 2>/dev/null || echo
    sed -n '/^127\.0\.1\.1[[:space:]]/p' /etc/hosts | tail -n 1
} >"$1.new"
mv "$1.new" "$1"

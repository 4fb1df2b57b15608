# keep.sh ZONE RECORD CHECKING: is the zone known here? Then note the owner's, once, before it is ours.
set -eu
if [ ! -f "/usr/share/zoneinfo/$1" ]; then
    echo "The server does not know the time zone $1: install tzdata there, or mend the site's setting." >&2
    exit 1
fi
if [ -e "$2" ] || [ "$3" = true ]; then exit 0; fi
umask 077
mkdir -p "$(dirname "$2")"
chmod 755 "$(dirname "$2")"
{
    readlink /etc/localtime || echo # a file of the owner's own cannot be named: UTC is what the release leaves then
    head -n 1 /etc/timezone 2>/dev/null || true
} >"$2.new"
mv "$2.new" "$2"

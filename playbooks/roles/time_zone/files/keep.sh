# keep.sh ZONE RECORD CHECKING: is the zone known here? Then note the owner's, once, before it is ours, and behind it ours:
# the site may have another by the time the server is given back.
set -eu
if [ ! -f "/usr/share/zoneinfo/$1" ]; then
    echo "The server does not know the time zone $1: install tzdata there, or mend the site's setting." >&2
    exit 1
fi
if [ "$3" = true ]; then exit 0; fi
umask 077
mkdir -p "$(dirname "$2")"
chmod 755 "$(dirname "$2")"
{
    if [ -e "$2" ]; then
        sed -n 1,2p "$2"
    else
        # A file of the owner's own cannot be named: UTC is what the release leaves then.
        printf '%s\n' "$(readlink /etc/localtime)" "$(head -n 1 /etc/timezone 2>/dev/null)"
    fi
    printf '%s\n' "/usr/share/zoneinfo/$1"
} >"$2.new"
mv "$2.new" "$2"

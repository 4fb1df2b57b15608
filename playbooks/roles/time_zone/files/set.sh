# set.sh ZONE RECORD CHECKING: the server gets the time zone, if it is known there. The owner's /etc/localtime (a link, or
# a file, which is kept beside RECORD) and /etc/timezone are noted once, before they are ours, and behind them ours: the
# site may have another by the time the server is given back. A line `changed: …` if it does something.
set -eu
zone=/usr/share/zoneinfo/$1 record=$2 checking=$3
if [ ! -f "$zone" ]; then
    echo "The server does not know the time zone $1: install tzdata there, or mend the site's setting." >&2
    exit 1
fi
is() { [ -L /etc/localtime ] && [ "$(readlink -m /etc/localtime)" = "$(readlink -m "$zone")" ]; }
says() { [ ! -e /etc/timezone ] || [ "$(head -n 1 /etc/timezone)" = "$1" ]; }
if is && says "$1"; then exit 0; fi
echo "changed: time zone $1"
if [ "$checking" = true ]; then exit 0; fi
umask 077
mkdir -p "$(dirname "$record")"
chmod 755 "$(dirname "$record")"
if [ ! -e "$record" ] && [ -f /etc/localtime ] && [ ! -L /etc/localtime ]; then
    if [ "$(stat -c %h /etc/localtime)" = 1 ] || ! ln -T /etc/localtime "$record.file.new" 2>/dev/null; then
        cp -p /etc/localtime "$record.file.new"
    fi # a hard link of the owner's is kept as one
    mv "$record.file.new" "$record.file"
fi
{
    if [ -e "$record" ]; then
        sed -n 1,2p "$record"
    else
        printf '%s\n' "$(readlink /etc/localtime || true)" "$(head -n 1 /etc/timezone 2>/dev/null)"
    fi
    printf '%s\n' "$zone"
} >"$record.new"
mv "$record.new" "$record"
if ! is; then
    ln -sfnT "$zone" /etc/localtime.sopctl-new
    mv -fT /etc/localtime.sopctl-new /etc/localtime
fi
if ! says "$1"; then printf '%s\n' "$1" >/etc/timezone; fi # only where the system keeps it there too

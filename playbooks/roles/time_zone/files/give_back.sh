# give_back.sh RECORD: the owner's time zone comes back, unless somebody has set another one since. Prints what it did.
set -eu
record=$1
if [ ! -e "$record" ]; then exit 0; fi
owners=$(sed -n 1p "$record") name=$(sed -n 2p "$record") ours=$(sed -n 3p "$record")
if [ "$(readlink /etc/localtime)" = "$ours" ] && [ "$owners" != "$ours" ]; then
    if [ -e "$record.file" ]; then
        rm -f /etc/localtime.sopctl-new
        ln -T "$record.file" /etc/localtime.sopctl-new 2>/dev/null || cp -p "$record.file" /etc/localtime.sopctl-new
        mv -fT /etc/localtime.sopctl-new /etc/localtime
    elif [ -n "$owners" ]; then
        ln -sfnT "$owners" /etc/localtime
    else
        rm -f /etc/localtime
    fi
    echo "${owners:-a file, or none}"
fi
if [ "$(head -n 1 /etc/timezone 2>/dev/null)" = "${ours#/usr/share/zoneinfo/}" ]; then
    if [ -n "$name" ]; then printf '%s\n' "$name" >/etc/timezone; else rm -f /etc/timezone; fi
fi
rm -f "$record" "$record.file"

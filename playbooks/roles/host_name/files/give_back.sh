# give_back.sh RECORD: the owner's host name and /etc/hosts come back, unless somebody has set others since.
# Prints what it did.
set -eu
if [ ! -e "$1" ]; then exit 0; fi
record=$1
said() { sed -n "$1p" "$record"; }
name=$(said 1) pretty=$(said 2) line=$(said 3) our_name=$(said 4) our_line=$(said 5) newline=$(said 6) running=$(said 7)
if [ "$(hostnamectl --static status)" = "$our_name" ] && [ "$name" != "$our_name" ]; then
    if [ -e "$record.file" ] || [ -L "$record.file" ]; then
        file=/etc/hostname
        if grep -qsF " $file " /proc/self/mountinfo; then
            cat "$record.file" >"$file"
        else
            rm -f "$file.sopctl-new"
            ln -T "$record.file" "$file.sopctl-new" 2>/dev/null || cp -a -T "$record.file" "$file.sopctl-new"
            mv -fT "$file.sopctl-new" "$file"
        fi
    else
        hostnamectl --static set-hostname "$name"
    fi
    if command -v hostname >/dev/null; then
        hostname "${running:-${name:-localhost}}"
    else
        printf '%s\n' "${running:-${name:-localhost}}" >/proc/sys/kernel/hostname
    fi
    systemctl try-restart systemd-hostnamed.service # which keeps the name in mind
    echo "host name: ${name:-none}"
fi
if [ "$(hostnamectl --pretty status)" = "$our_name" ] && [ "$pretty" != "$our_name" ]; then # of an older version
    hostnamectl --pretty set-hostname "$pretty"
fi
if grep -qxF -- "$our_line" /etc/hosts && [ "$line" != "$our_line" ]; then
    # Into the file itself: it may be mounted where it is, and keeps its owner and mode.
    new=$(mktemp)
    OURS=$our_line THEIRS=$line awk '$0 != ENVIRON["OURS"] { print; next } ENVIRON["THEIRS"] != "" { print ENVIRON["THEIRS"] }' /etc/hosts >"$new"
    if [ "$newline" = newline ]; then # the owner's last line had none
        printf %s "$(cat "$new")" >/etc/hosts
    else
        cat "$new" >/etc/hosts
    fi
    rm -f "$new"
    echo "/etc/hosts: ${line:-no line}"
fi
rm -f "$record" "$record.file"

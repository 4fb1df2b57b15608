# set.sh NAME LINE RECORD CHECKING: the server gets its name, and finds it in /etc/hosts: by a line of ours behind the
# owner's, whose names go on being found. What was there is noted once, and behind it what is ours now: the letter may
# name another by the time the server is given back. A line `changed: …` for each change.
set -eu
name=$1 line=$2 record=$3 checking=$4
umask 077
do_it() { [ "$checking" = true ] || "$@"; }
before() { if [ -e "$record" ]; then sed -n "$1p" "$record"; fi; }

same_file() { # FROM TO: a hard link of the owner's is kept as one, so that it can come back as one
    if [ "$(stat -c %h "$1")" -gt 1 ] && ln -T "$1" "$2" 2>/dev/null; then return 0; fi
    cp -a -T "$1" "$2"
}

note() {
    mkdir -p "$(dirname "$record")"
    chmod 755 "$(dirname "$record")"
    if [ ! -e "$record" ] && [ -f /etc/hostname ]; then # to the byte: it may have comments, or a name that hostnamectl refuses
        same_file /etc/hostname "$record.file.new"
        mv -T "$record.file.new" "$record.file"
    fi
    {
        if [ -e "$record" ]; then
            sed -n 1,3p "$record"
        else
            printf '%s\n' "$(hostnamectl --static status 2>/dev/null || cat /etc/hostname 2>/dev/null)" "" ""
        fi
        printf '%s\n' "$name" "$line" "${1:-}"
        if [ -e "$record" ]; then sed -n 7p "$record"; else uname -n; fi
    } >"$record.new"
    mv "$record.new" "$record"
}

has_line() { grep -qxF -- "$line" /etc/hosts; }

finds() { # does a line of the owner's name it already?
    awk -v name="$name" -v own="$line" '
        $0 == own || /^[[:space:]]*#/ || $1 !~ /^(127\.|::1$)/ { next }
        { sub(/#.*/, ""); for (i = 2; i <= NF; i++) if ($i == name) found = 1 }
        END { exit !found }' /etc/hosts
}

replace() { # OLD LINE of ours, by NEW; into the file itself: it may be mounted where it is, and keeps its owner and mode
    new=$(mktemp)
    OURS=$1 THEIRS=$2 awk '$0 != ENVIRON["OURS"] { print; next } ENVIRON["THEIRS"] != "" { print ENVIRON["THEIRS"] }' /etc/hosts >"$new"
    cat "$new" >/etc/hosts
    rm -f "$new"
}

into_the_file() {
    printf '%s\n' "$name" >/etc/hostname
    systemctl try-restart systemd-hostnamed.service # which keeps the name in mind
}

append() {
    if [ -s /etc/hosts ] && [ "$(tail -c 1 /etc/hosts | wc -l)" = 0 ]; then
        note newline
        echo >>/etc/hosts
    fi
    printf '%s\n' "$line" >>/etc/hosts
}

old=$(before 5)
do_it note "$(before 6)"
if [ -n "$old" ] && [ "$old" != "$line" ] && grep -qxF -- "$old" /etc/hosts; then
    echo "changed: /etc/hosts: $line"
    do_it replace "$old" "$line"
elif ! has_line && ! finds; then
    echo "changed: /etc/hosts: $line"
    do_it append
fi
if [ "$(hostnamectl --static status 2>/dev/null)" != "$name" ]; then
    echo "changed: host name: $name"
    if grep -qsF ' /etc/hostname ' /proc/self/mountinfo; then # as a container has it: what is mounted there stays
        do_it into_the_file
    else
        do_it hostnamectl --static set-hostname "$name"
    fi
fi
if [ "$(uname -n)" != "$name" ]; then
    echo "changed: running host name: $name"
    do_it hostnamectl --transient set-hostname "$name"
fi

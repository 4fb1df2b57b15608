# limit.sh MAX DROP_IN RECORD CHECKING: the journal may grow to MAX, where its owner has set no limit, and only where that
# cuts nothing off: twice what is there must fit. Lines `changed: …` and, for the record and in its language, `left …`.
set -u
max=$1 drop_in=$2 record=$3 checking=$4
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL

kilobytes() { # SIZE as journald.conf(5) writes it
    number=${1%[KMGT]}
    case $1 in
        *K) echo "$number" ;;
        *M) echo $((number * 1024)) ;;
        *G) echo $((number * 1048576)) ;;
        *T) echo $((number * 1073741824)) ;;
        *) echo $((number / 1024)) ;;
    esac
}

said() { systemd-analyze cat-config systemd/journald.conf 2>/dev/null; }

effective() { # KEY: the last that is said of it, whichever file says it: `FILE VALUE`
    said | awk -v key="$1" '
        /^# \// { file = $2 }
        { sub(/^[[:space:]]+/, "") }
        index($0, key) == 1 && substr($0, length(key) + 1) ~ /^[[:space:]]*=/ { sub(/^[^=]*=[[:space:]]*/, ""); last = file " " $0 }
        END { print last }'
}

wanted() { # KEY FOLDER: our line, if there is to be one
    has=$(effective "$1") now=
    case $has in
        "$drop_in "*) now=${has#* } ;;
        *' '?*)
            echo "left $1 tetap ${has#* }, seperti diatur pemilik (${has%% *})" >&3
            return
            ;;
    esac
    used=$(du -sk "$2" 2>/dev/null | cut -f1)
    if [ "$now" != "$max" ] && [ $((${used:-0} * 2)) -gt "$(kilobytes "$max")" ]; then
        if [ -n "$now" ]; then echo "$1=$now"; fi
        echo "left $1 tidak diatur menjadi $max: jurnal sudah memakai ${used}K, dan tidak boleh terpotong" >&3
        return
    fi
    echo "$1=$max"
}

exec 3>&1
lines=
if [ -n "$max" ]; then lines=$(wanted SystemMaxUse /var/log/journal && wanted RuntimeMaxUse /run/log/journal); fi
ours="# Written by sopctl while the server is on deposit.
[Journal]
$lines"
if [ -z "$lines" ]; then
    if [ ! -e "$drop_in" ]; then exit 0; fi
    echo "changed: $drop_in removed"
    if [ "$checking" = true ]; then exit 0; fi
    rm -f "$drop_in"
    if [ -e "$record" ]; then rmdir --ignore-fail-on-non-empty "${drop_in%/*}" && rm -f "$record"; fi
    exit 0
fi
if [ "$(cat "$drop_in" 2>/dev/null)" != "$ours" ]; then
    echo "changed:" $lines
    if [ "$checking" = true ]; then exit 0; fi
    if [ ! -d "${drop_in%/*}" ]; then
        (umask 077 && mkdir -p "${record%/*}" && chmod 755 "${record%/*}" && : >"$record")
        (umask 022 && mkdir -p "${drop_in%/*}")
    fi
    (umask 022 && printf '%s\n' "$ours" >"$drop_in.new") && mv "$drop_in.new" "$drop_in" || exit
fi
[ -n "$(said)" ] || exit 0 # too old a systemd to ask
for line in $lines; do
    if [ "$(effective "${line%%=*}")" != "$drop_in ${line#*=}" ]; then
        echo "$drop_in has no effect: journald goes by $(effective "${line%%=*}")" >&2
        exit 1
    fi
done

# settings.sh: what sshd's settings of ours must say here so that they are nowhere less strict than the owner's.
#
#   want DROP_IN "WEAK …" "ACCOUNT …" OPTION…    lines `set NAME VALUE` for our file; `match ACCOUNT` for one that may not
#                                                use a key otherwise; `left NAME WHY` for what is left to the owner
#   include DROP_IN RECORD CHECKING              has sshd_config read our files first; prints `changed: …`
#   exclude DROP_IN RECORD                       takes that back
#   check DROP_IN "ACCOUNT …" "NAME VALUE;…" OPTION…    does it take effect? 1, with the cause, if it does not
#
# An OPTION is `NAME=VALUE:LEAST,…,MOST`: what the office wants, and the values from the least strict to the strictest.
# WEAK are patterns of the shell: a list of algorithms loses those, unless none would be left.
set -uf
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
if [ -e /etc/debian_version ]; then mkdir -p -m 755 /run/sshd 2>/dev/null; fi # sshd -t and -T want it; with ssh.socket, Debian 11 takes it away whenever a login ends
CONFIG=/etc/ssh/sshd_config

owners() { # makes $folder: the owner's files, ours not among them, as they would be read alone
    folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
    mkdir "$folder/sshd_config.d"
    set +f
    for file in "$(dirname "$1")"/*.conf; do
        case ${file##*/} in *sopctl*) ;; *) [ ! -f "$file" ] || cp -L "$file" "$folder/sshd_config.d/" ;; esac
    done
    set -f
    grep -vxF -- "$(line "$1")" "$CONFIG" |
        sed "s|\([[:space:]\"]\)\(/etc/ssh/\)\{0,1\}sshd_config\.d/|\1$folder/sshd_config.d/|g" >"$folder/sshd_config"
}

anyone() { # FILE: the settings for anyone; a block for a port or address of the server's has to be told these
    sshd -T -f "$1" 2>/dev/null ||
        sshd -T -f "$1" -C user=nobody.invalid,host=client.invalid,addr=192.0.2.1,laddr=192.0.2.2,lport=1
}

line() { echo "Include ${1%.conf}*.conf"; }

lower() { tr '[:upper:]' '[:lower:]'; }

in_matches() { # NAME: the values that the owner's Match blocks give it
    find "$folder" -type f -exec awk -v name="$(echo "$1" | lower)" '
        FNR == 1 { match_block = 0 }
        { gsub(/=/, " "); gsub(/"/, "") }
        tolower($1) == "match" { match_block = 1; next }
        match_block && tolower($1) == "include" { print "unknown" }
        match_block && tolower($1) == name { print tolower($2) }' {} +
}

rank() { # VALUE LEAST,…,MOST: how strict; 0 for what is not in the list
    value=$1
    case $value in without-password) value=prohibit-password ;; esac
    echo "$2" | awk -F, -v value="$value" '{ for (i = 1; i <= NF; i++) if ($i == value) found = i; print found + 0 }'
}

value_of() { sed -n "s/^$(echo "$1" | lower) //p" "$2" | head -n 1; }

want() {
    drop_in=$1 weak=$2 accounts=$3
    shift 3
    owners "$drop_in"
    anyone "$folder/sshd_config" >"$folder/effective" 2>/dev/null || exit 0 # the check says why
    for option in "$@"; do
        name=${option%%=*} value=${option#*=}
        order=${value#*:} value=${value%%:*}
        has=$(value_of "$name" "$folder/effective")
        if [ -z "$has" ]; then continue; fi # a version that does not know it
        ours=$(rank "$value" "$order")
        if [ "$ours" -le "$(rank "$has" "$order")" ]; then continue; fi
        left=no
        for other in $(in_matches "$name"); do
            if [ "$other" = unknown ] || [ "$(rank "$other" "$order")" -gt "$ours" ]; then left=yes; fi
        done
        if [ "$left" = yes ]; then echo "left $name $has"; else echo "set $name $value"; fi
    done
    pubkey "$accounts"
    banner
    algorithms "$weak"
}

pubkey() { # by key is how the office and the letter's accounts come in: nobody else, where the owner lets nobody
    if [ "$(value_of pubkeyauthentication "$folder/effective")" = yes ] && [ -z "$(in_matches pubkeyauthentication)" ]; then
        echo "set PubkeyAuthentication yes"
        return
    fi
    for account in $1; do
        if ! sshd -T -f "$folder/sshd_config" -C "user=$account,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=$(value_of port "$folder/effective")" | grep -qx 'pubkeyauthentication yes'; then
            echo "match $account"
        fi
    done
}

banner() { # one of the owner's own stays
    if [ "$(value_of banner "$folder/effective")" = none ] && [ -z "$(in_matches banner)" ]; then
        echo "set Banner /etc/ssh/sopctl-banner"
    else
        echo "left Banner $(value_of banner "$folder/effective")"
    fi
}

algorithms() {
    for name in kexalgorithms ciphers macs hostkeyalgorithms pubkeyacceptedalgorithms pubkeyacceptedkeytypes; do
        if [ -n "$(in_matches "$name")" ]; then continue; fi
        all=$(value_of "$name" "$folder/effective")
        good=
        for algorithm in $(printf %s "$all" | tr , ' '); do
            is_weak=no
            for pattern in $1; do
                case $algorithm in $pattern) is_weak=yes ;; esac
            done
            if [ "$is_weak" = no ]; then good="$good${good:+,}$algorithm"; fi
        done
        if [ -n "$good" ] && [ "$good" != "$all" ]; then echo "set $name $good"; fi
    done
}

reads_first() { # DROP_IN: is a folder or a file with ours the first thing that sshd_config says?
    awk '{ sub(/^[[:space:]]+/, "") } /^(#|$)/ { next } { gsub(/"/, ""); print; exit }' "$CONFIG" | {
        read -r word patterns
        [ "$(echo "$word" | lower)" = include ] || exit 1
        for pattern in $patterns; do
            case $pattern in /*) ;; *) pattern=/etc/ssh/$pattern ;; esac
            case $1 in $pattern) exit 0 ;; esac
        done
        exit 1
    }
}

include() {
    drop_in=$1 record=$2 checking=$3 folder=$(dirname "$1")
    if [ ! -d "$folder" ]; then
        echo "changed: $folder made"
        if [ "$checking" != true ]; then
            note "$record" folder
            mkdir -m 755 "$folder" || exit
        fi
    fi
    if reads_first "$drop_in"; then return 0; fi
    first_line "$drop_in" "$record" "$checking"
}

first_line() {
    if grep -qxF -- "$(line "$1")" "$CONFIG"; then return 0; fi
    echo "changed: $CONFIG: $(line "$1")"
    if [ "$3" = true ]; then return 0; fi
    note "$2" include
    new=$(mktemp) && { line "$1" && cat "$CONFIG"; } >"$new" && cat "$new" >"$CONFIG"
    status=$?
    rm -f "$new"
    return "$status"
}

note() {
    (umask 077 && mkdir -p "${1%/*}" && chmod 755 "${1%/*}" && echo "$2" >>"$1")
}

exclude() {
    drop_in=$1 record=$2
    first=$(line "$drop_in")
    if grep -qxF -- "$first" "$CONFIG"; then
        new=$(mktemp)
        if [ "$(head -n 1 "$CONFIG")" = "$first" ]; then # to the byte
            tail -c "+$((${#first} + 2))" "$CONFIG" >"$new"
        else
            grep -vxF -- "$first" "$CONFIG" >"$new"
        fi
        cat "$new" >"$CONFIG"
        rm -f "$new"
        echo "changed: $CONFIG is as its owner had it"
    fi
    if grep -qsx folder "$record"; then rmdir "$(dirname "$drop_in")" 2>/dev/null; fi
    rm -f "$record"
    return 0
}

check() {
    drop_in=$1 accounts=$2 wanted=$3
    shift 3
    owners "$drop_in"
    said=$(anyone "$CONFIG" 2>&1 >"$folder/now") || {
        echo "$said" >&2
        exit 1
    }
    echo "$wanted" | tr ';' '\n' | while read -r name value; do
        [ -n "$name" ] || continue
        has=$(value_of "$name" "$folder/now")
        case $has in without-password) has=prohibit-password ;; esac
        if [ "$has" != "$value" ]; then
            echo "$drop_in has no effect: sshd says $name $has, and not $value$(whose "$name")" >&2
            exit 1
        fi
    done || exit 1
    ports=$(sed -n 's/^port //p' "$folder/now" | head -n 3)
    for account in root $accounts; do
        for from in $(for port in $ports; do echo "addr=127.0.0.1,lport=$port" "addr=192.0.2.1,lport=$port"; done); do
            where=user=$account,host=client.invalid,laddr=192.0.2.2,$from
            sshd -T -f "$folder/sshd_config" -C "$where" >"$folder/before" 2>/dev/null || continue
            sshd -T -C "$where" >"$folder/now"
            for option in "$@"; do
                name=${option%%=*} order=${option##*:}
                if [ "$(rank "$(value_of "$name" "$folder/now")" "$order")" -lt "$(rank "$(value_of "$name" "$folder/before")" "$order")" ]; then
                    echo "$name would be less strict for $account than the owner has it" >&2
                    exit 1
                fi
            done
        done
    done
}

whose() { # NAME: the owner's first file that sets it
    set +f
    found=$(grep -liE "^[[:space:]]*$1[[:space:]=]" "$CONFIG" /etc/ssh/sshd_config.d/*.conf 2>/dev/null | grep -v sopctl | head -n 1)
    set -f
    echo "${found:+ ($found says otherwise)}"
}

verb=$1
shift
case $verb in
    want) want "$@" ;;
    include) include "$@" ;;
    first_line) first_line "$@" ;;
    exclude) exclude "$@" ;;
    check) check "$@" ;;
esac

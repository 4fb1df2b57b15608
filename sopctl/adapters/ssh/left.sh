# left.sh MARK note|compare PLACE ACCOUNT…: what a configuration left on a server. Run as root; POSIX sh.
#   note     the fingerprint and $asked become the file PLACE, which root alone reads; of the facts in $kept, each
#            `KIND KEY`, those of the note before stay
#   compare  each fact that is another than in PLACE; changes nothing
# $fingerprint is the script of that name. Prints `=begin MARK`, then lines of the note that was there (`=note DIGEST` or
# `=note absent`), `?` and what was asked for then, `-` and a fact then, `+` and a fact now; then `=end MARK`.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 077
mark=$1 verb=$2 place=$3
shift 3

now() { sh -c "$fingerprint" fingerprint "$@"; }

ours() { [ -f "$place" ] && [ ! -L "$place" ] && [ "$(stat -c %u "$place")" = 0 ]; }

told() { # NAME TEXT
    printf '=%s %s\n' "$1" "$2"
}

digest() { sha256sum <"$place" | cut -c1-64; }

note() {
    mkdir -p -m 755 "${place%/*}" || return
    rm -rf "$place.new"
    before=/dev/null
    if ours; then before=$place; fi
    {
        printf '%s\n' "$kept" | sed 's/^/kept /'
        sed 's/^/then /' "$before"
        now "$@" | sed 's/^/now /'
        printf '%s\n' "$asked" | sed 's/^/now /'
    } | awk '
        { word = $1; sub(/^[a-z]+ /, ""); fact = $0; sub(/\t.*/, "") }
        $0 == "" { next }
        word == "kept" { stays[$0] }
        word == "then" && $0 in stays { print fact }
        word == "now" && !($0 in stays) { print fact }' | sort >"$place.new"
    if ! grep -q '^look complete.yes$' "$place.new"; then
        rm -f "$place.new"
        told note incomplete
        return
    fi
    mv -f "$place.new" "$place" && told note "$(digest)"
}

compare() {
    if ! ours; then
        told note absent
        return
    fi
    told note "$(digest)"
    { sed 's/^/then /' "$place" && now "$@" | sed 's/^/now /'; } | awk '
        { word = $1; sub(/^[a-z]+ /, ""); fact = $0; sub(/\t.*/, "") }
        /^nft-sets / { next }
        /^asked / && word == "then" { print "?" fact; next }
        /^look / { print (word == "then" ? "-" : "+") fact; next }
        word == "then" { facts[$0] = fact; next }
        !($0 in facts) { print "+" fact; next }
        facts[$0] != fact { print "-" facts[$0]; print "+" fact }
        { delete facts[$0] }
        END { for (key in facts) print "-" facts[key] }'
}

main() {
    told begin "$mark"
    case $verb in
        note) note "$@" ;;
        compare) compare "$@" ;;
    esac
    told end "$mark"
}
main "$@" </dev/null 2>/dev/null

# left.sh MARK note|compare PLACE ACCOUNT…: what a configuration left on a server. Run as root; POSIX sh.
#   note     the fingerprint and $asked become the file PLACE, which root alone reads; of the facts in $kept, each
#            `KIND KEY`, those of the note before stay; with $as_proven, those of who may come in stay as the run has
#            proven them
#   compare  changes nothing
# Both print each fact that is another now than in the note that was there. $fingerprint is the script of that name.
# Lines: `=begin MARK`, `=note DIGEST` (of the note that is there in the end; or `=note absent`, `=note incomplete`),
# `=deposit ID` (whose server it is, by the note of that), `?` and what was asked for then, `-` and a fact then, `+` and a fact now, `!` and a fact now that was
# another when the run had proven it, `=end MARK`.
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
        proven | sed 's/^/proven /'
        sed 's/^/then /' "$before"
        now "$@" | sed 's/^/now /'
        printf '%s\n' "$asked" | sed 's/^/now /'
    } | awk '
        { word = $1; sub(/^[a-z]+ /, ""); fact = $0; sub(/\t.*/, "") }
        $0 == "" { next }
        word == "kept" { stays[$0] }
        word == "proven" && !($0 in stays) { proven[$0] = fact }
        word == "then" && $0 in stays { print fact }
        word == "now" && $0 in proven {
            if (proven[$0] != fact) print "!" fact
            fact = proven[$0]
            delete proven[$0]
        }
        word == "now" && !($0 in stays) { print fact }
        END {
            for (key in proven) {
                print "!" key "\t"
                print proven[key]
            }
        }' | sort >"$place.new"
    since=$(grep '^!' "$place.new")
    sed -i '/^!/d' "$place.new"
    rm -f "$place.proven"
    if ! grep -q '^look complete.yes$' "$place.new"; then
        rm -f "$place.new"
        told note incomplete
        return
    fi
    differing=$(differing "$before" <"$place.new")
    mv -f "$place.new" "$place" && told note "$(digest)"
    printf '%s\n' "$differing" "$since"
}

proven() { # the facts of who may come in, as the window saw them when it closed, minutes ago
    [ -n "$as_proven" ] || return
    find "$place.proven" -maxdepth 0 -type f -user root -mmin -60 -exec cat {} + |
        grep -E '^(sshd [^e]|sshd-for |nft inet sopctl|nft-rule |keys |hosts |host-name |file /etc/(ssh|sudoers|sopctl))'
}

compare() {
    if ours; then
        told note "$(digest)"
        now "$@" | differing "$place"
    else
        told note absent
    fi
}

differing() { # NOTE: the facts of standard input that are others there
    { sed 's/^/then /' "$1" && sed 's/^/now /'; } | awk '
        { word = $1; sub(/^[a-z]+ /, ""); fact = $0; sub(/\t.*/, "") }
        /^nft-sets / { next }
        /^asked / { if (word == "then") print "?" fact; next }
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
    if [ -s "${place%/*}/deposit" ]; then told deposit "$(head -c 60 "${place%/*}/deposit" | tr -cd 'A-Z0-9-')"; fi
    told end "$mark"
}
main "$@" </dev/null 2>/dev/null

# apt.sh FILE OLD CHECKING: asks apt for updates every day, unless the owner asks for them as often, and for no restart,
# unless the owner has decided about that. FILE is read last of all; OLD is what it was called by older versions. Prints
# `changed: …`, and for the record and in its language `left …`; 1, with the cause, if it has no effect.
set -u
file=$1 old=$2 checking=$3
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
command -v apt-config >/dev/null || exit 0
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
mkdir "$folder/parts"
for part in /etc/apt/apt.conf.d/*; do # the owner's
    case $part in "$file" | "$old") ;; *) cp -L "$part" "$folder/parts/" 2>/dev/null ;; esac
done
echo "Dir::Etc::parts \"$folder/parts\";" >"$folder/conf"
APT_CONFIG=$folder/conf apt-config dump >"$folder/owners" 2>/dev/null

value() { sed -n "s/^$1 \"\(.*\)\";\$/\1/p" "$2" | tail -n 1; }

often() { # at least once a day, as apt.systemd.daily(8) counts?
    case $1 in
        always) return 0 ;;
        '' | 0*) return 1 ;;
        *[hms]) return 0 ;; # hours, minutes, seconds: as good as daily
        *) [ "${1%d}" = 1 ] ;;
    esac
}

lines=$(
    for key in APT::Periodic::Update-Package-Lists APT::Periodic::Unattended-Upgrade; do
        if ! often "$(value "$key" "$folder/owners")"; then echo "$key \"1\";"; fi
    done
    if [ -z "$(value Unattended-Upgrade::Automatic-Reboot "$folder/owners")" ]; then
        echo 'Unattended-Upgrade::Automatic-Reboot "false";'
    fi
)
if [ "$(value Unattended-Upgrade::Automatic-Reboot "$folder/owners")" = true ]; then
    echo "left server dinyalakan ulang setelah pembaruan (Automatic-Reboot), seperti diatur pemilik"
fi
ours="// Written by sopctl while the server is on deposit; taken away when it is given back.
$lines"
if [ -e "$old" ]; then
    echo "changed: $old removed"
    [ "$checking" = true ] || rm -f "$old"
fi
if [ -z "$lines" ]; then
    if [ -e "$file" ]; then
        echo "changed: $file removed"
        [ "$checking" = true ] || rm -f "$file"
    fi
    exit 0
fi
if [ "$(cat "$file" 2>/dev/null)" != "$ours" ]; then
    printf '%s\n' "$lines" | sed "s|^|changed: $file: |"
    if [ "$checking" = true ]; then exit 0; fi
    (umask 022 && printf '%s\n' "$ours" >"$file.new") && mv "$file.new" "$file" || exit
fi
apt-config dump >"$folder/now" 2>/dev/null
printf '%s\n' "$lines" | while IFS=' "' read -r key wanted _; do
    if [ "$(value "$key" "$folder/now")" != "$wanted" ]; then
        echo "$file has no effect: apt goes by $key \"$(value "$key" "$folder/now")\", which /etc/apt/apt.conf or another file of the owner's says" >&2
        exit 1
    fi
done

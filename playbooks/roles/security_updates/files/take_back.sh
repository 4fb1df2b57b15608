# take_back.sh APT_FILE OLDER UNIT RECORD CHECKING: timers that were off are off again, our files go, and with them the packages
# that we installed for it. Prints what it took back.
set -u
for file in "$1" "$2" "$3.timer" "$3.service" "$4" "$4.before"; do
    if [ -e "$file" ]; then echo "$file"; fi
done
if [ "$5" = true ]; then exit 0; fi
if [ -d /run/systemd/system ]; then
    if [ -e "$3.timer" ]; then systemctl --quiet disable --now "$(basename "$3").timer"; fi
    while read -r timer; do systemctl --quiet disable --now "$timer"; done 2>/dev/null <"$4"
fi
if [ -s "$4.before" ] && [ -x /usr/bin/unattended-upgrade ]; then
    ours=$(dpkg-query -W -f '${Package}\n' | sort | comm -13 "$4.before" - | while read -r package; do
        # Only what it brought along: the owner may have installed others since.
        if [ "$package" = unattended-upgrades ] || apt-mark showauto "$package" | grep -q .; then echo "$package"; fi
    done)
    case " $(echo $ours) " in
        *" unattended-upgrades "*)
            export DEBIAN_FRONTEND=noninteractive
            timeout 120 dpkg --purge $ours >/dev/null 2>&1 || timeout 120 dpkg --purge unattended-upgrades >/dev/null 2>&1
            ;;
    esac
fi
rm -f -- "$1" "$2" "$3.timer" "$3.service" "$4" "$4.before"

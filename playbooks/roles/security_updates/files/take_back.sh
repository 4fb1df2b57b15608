# take_back.sh APT_FILE UNIT RECORD CHECKING: timers that were off are off again, our files go. Prints what it took back.
set -u
for file in "$1" "$2.timer" "$2.service" "$3"; do
    if [ -e "$file" ]; then echo "$file"; fi
done
if [ "$4" = true ]; then exit 0; fi
if [ -d /run/systemd/system ]; then
    if [ -e "$2.timer" ]; then systemctl --quiet disable --now "$(basename "$2").timer"; fi
    while read -r timer; do systemctl --quiet disable --now "$timer"; done 2>/dev/null <"$3"
fi
rm -f -- "$1" "$2.timer" "$2.service" "$3"

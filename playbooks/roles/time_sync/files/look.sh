# look.sh FILE…: which program keeps the time here? Prints `program=`, `unit=`, `off=yes` where it is switched off, and
# `ours=yes` where one of our FILEs is there.
# Several may be installed: one that runs is the one.
set -u
for file in "$@"; do
    if [ -e "$file" ]; then echo "ours=yes" && break; fi
done
programs="chrony:chrony.service chrony:chronyd.service timesyncd:systemd-timesyncd.service other:ntpsec.service other:ntpd.service other:ntp.service other:openntpd.service"
found=
for each in $programs; do
    if systemctl --quiet is-active "${each#*:}" 2>/dev/null; then found=$each; fi
    if [ -n "$found" ]; then break; fi
done
if [ -z "$found" ]; then
    for each in $programs; do
        case $(systemctl is-enabled "${each#*:}" 2>/dev/null) in enabled | disabled) found=$each && break ;; esac
    done
fi
[ -n "$found" ] || exit 0
program=${found%%:*} unit=${found#*:}
if [ "$program" = chrony ] && ! grep -qs '^[[:space:]]*sourcedir[[:space:]].*/etc/chrony/sources.d' /etc/chrony/chrony.conf; then
    program=other # an older one, or the owner's own configuration, reads no folder
fi
echo "program=$program"
echo "unit=$unit"
if [ "$(systemctl is-enabled "$unit" 2>/dev/null)" = disabled ]; then echo "off=yes"; fi

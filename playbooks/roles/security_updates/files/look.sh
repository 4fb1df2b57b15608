# look.sh: what is missing for nightly updates with apt? Prints `package` and the timers that are switched off.
set -u
[ -x /usr/bin/unattended-upgrade ] || echo package
for timer in apt-daily.timer apt-daily-upgrade.timer; do
    if [ "$(systemctl is-enabled "$timer" 2>/dev/null)" = disabled ]; then echo "$timer"; fi
done

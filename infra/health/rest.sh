# Begins each health check. A container that starts is asked every 2 s, for others wait for it; one
# that has run for a minute rests 20 s before each answer. Every check is a process that the engine
# starts: 13 containers asked every 2 s take a quarter of a core. (Engines from 25 on have a
# `start_interval` for this, which older ones refuse.)
read -r uptime _ </proc/uptime
# Its 22nd field is when the container's first process began, in hundredths of a second.
set -- $(cat /proc/1/stat)
if [ $((${uptime%.*} - ${22} / 100)) -gt 60 ]; then sleep 20; fi

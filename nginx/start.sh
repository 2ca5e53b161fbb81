#!/bin/sh
# What the environment decides about nginx, checked and written down before it starts: nginx itself
# reads no environment, and its root is read-only. Arguments go to nginx.
set -eu

refuse() {
  echo "nginx: $1 must be $2, not \"$3\"" >&2
  exit 64
}

# whole NAME VALUE LEAST: refuses what is no whole number of nine digits at most, or is too small.
whole() {
  case $2 in
    '' | *[!0-9]* | ??????????*) refuse "$1" "a whole number from $3 on" "$2" ;;
  esac
  [ "$2" -ge "$3" ] || refuse "$1" "a whole number from $3 on" "$2"
}

limit=${NGINX_RATE_LIMIT:-60000}
burst=${NGINX_BURST:-10000}
hsts=${HSTS_MAX_AGE:-0}
redirect=${TLS_REDIRECT:-off}
port=${TLS_PORT:-8443}
whole NGINX_RATE_LIMIT "$limit" 1
whole NGINX_BURST "$burst" 0
whole HSTS_MAX_AGE "$hsts" 0
whole TLS_PORT "$port" 1
case $redirect in on | off) ;; *) refuse TLS_REDIRECT 'on or off' "$redirect" ;; esac

# One request more may pass each 60/limit seconds; in between nothing changes.
retry_after=$(((59 + limit) / limit))
# nginx refuses a burst of 0 in words.
if [ "$burst" -gt 0 ]; then passes="burst=$burst nodelay"; else passes=nodelay; fi
if [ "$hsts" -gt 0 ]; then hsts="max-age=$hsts"; else hsts=; fi
# The stack's own page asks by the name nginx and speaks no TLS.
if [ "$redirect" = on ]; then elsewhere="nginx ''; default https://\$host:$port"; else elsewhere="default ''"; fi

mkdir -p /tmp/nginx
cat >/tmp/nginx/settings.conf <<EOF
limit_req_zone \$limited_client zone=clients:10m rate=${limit}r/m;
limit_req zone=clients $passes;
map '' \$client_limit { default $limit; }
map '' \$limit_retry_after { default $retry_after; }
map '' \$hsts { default '$hsts'; }
map \$host \$tls_origin { $elsewhere; }
EOF

exec nginx -g 'daemon off;' "$@"

#!/bin/sh
# Makes a certificate that signs itself, unless the folder has one; one of its own is made anew in
# its last 30 days. Whoever sees the folder may read the key: nginx alone mounts it.
set -eu
cd /tls

if [ -e certificate.pem ] && [ -e key.pem ] && [ ! -e self-signed ]; then
  echo 'certificate: the one that was given is used'
  exit 0
fi
if [ ! -e self-signed ] && { [ -e certificate.pem ] || [ -e key.pem ]; }; then
  echo 'certificate: TLS_FOLDER has only one of certificate.pem and key.pem; give both or none' >&2
  exit 64
fi
if [ -e self-signed ] && [ "$(cat self-signed)" = "$TLS_NAME" ] &&
  openssl x509 -in certificate.pem -noout -checkend 2592000 >/dev/null; then
  echo 'certificate: the one of an earlier start is used'
  exit 0
fi

case $TLS_NAME in
  '' | *[!A-Za-z0-9.-]*)
    echo "certificate: TLS_NAME must be a host name, not \"$TLS_NAME\"" >&2
    exit 64
    ;;
esac
# Without capabilities not even root writes over what nobody may write.
rm -f key.pem certificate.pem
printf %s "$TLS_NAME" >self-signed
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
  -subj "/CN=$TLS_NAME" -addext "subjectAltName=DNS:$TLS_NAME,DNS:localhost,IP:127.0.0.1" \
  -keyout key.pem -out certificate.pem 2>/dev/null
chmod 0444 key.pem certificate.pem
echo "certificate: made for $TLS_NAME, valid for 365 days"

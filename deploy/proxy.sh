#!/bin/sh
# Starts nginx in front of the replicas, as any user, and writes to one folder alone.
#
#   REPLICAS="10.89.0.11:8501 10.89.0.12:8501" sh deploy/proxy.sh
#
# REPLICAS: address and port of each, in an order that stays: cookies hold their numbers.
# LISTEN: the port, or address and port, of the proxy (8080). FOLDER: where it writes (/tmp/proxy).
set -eu
PATH="$PATH:/usr/sbin"
here=$(dirname "$0")
folder=${FOLDER:-/tmp/proxy}
: "${REPLICAS:?is not set: address and port of each replica}"

# max_fails=0: each request asks the visitor's own replica first. After a failure nginx would trust it again
# only once a request to it has ended, and the first may be a WebSocket, which stays open.
others() { # all replicas but one, asked only where that one does not answer
    for each in $REPLICAS; do
        if [ "$each" != "$1" ]; then echo "    server $each backup max_fails=0;"; fi
    done
}

replicas() {
    echo "upstream new {" # visitors without a cookie take turns
    echo "    zone new 64k;"
    for each in $REPLICAS; do echo "    server $each max_fails=1 fail_timeout=5s;"; done
    echo "}"
    n=0
    for each in $REPLICAS; do
        n=$((n + 1))
        printf 'upstream replica%s {\n    zone replica%s 64k;\n' $n $n
        echo "    server $each max_fails=0;"
        others "$each"
        echo "}"
    done
    echo 'map $cookie_replica $group {'
    echo "    default new;"
    for i in $(seq $n); do echo "    $i replica$i;"; done
    echo "}"
    echo 'map $upstream_addr $answered {' # the last of those that were asked
    echo '    default "";'
    n=0
    for each in $REPLICAS; do
        n=$((n + 1))
        echo "    \"~(^|, )$(echo "$each" | sed 's/\./\\./g')\$\" $n;"
    done
    echo "}"
}

mkdir -p "$folder"
replicas >"$folder/replicas.conf"
sed "s/listen 8080;/listen ${LISTEN:-8080};/" "$here/nginx.conf" >"$folder/nginx.conf"
exec nginx -p "$folder" -c "$folder/nginx.conf" -e stderr -g "daemon off;"

#!/bin/sh
# Brings the namespace to what Stepdown needs: how long closed workflows are kept, and the search attributes.
# Runs again without harm. TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE are read by the CLI itself.
set -eu

: "${TEMPORAL_NAMESPACE:?}" "${RETENTION:?}" "${SEARCH_ATTRIBUTES:?}"

tries=0
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 60 ]; then
    echo "Temporal does not answer on ${TEMPORAL_ADDRESS:-its default address}" >&2
    exit 1
  fi
  sleep "${RETRY_SECONDS:-2}"
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi

# A namespace that was made a moment ago takes some seconds to reach every part of the server.
for attribute in $SEARCH_ATTRIBUTES; do
  tries=0
  until temporal operator search-attribute create --name "${attribute%%=*}" --type "${attribute##*=}"; do
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || exit 1
    sleep "${RETRY_SECONDS:-2}"
  done
done

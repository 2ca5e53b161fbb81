# One file for every app: `--build-arg APP=user`. The last stage holds Node and one bundle.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /src
COPY . .
RUN mkdir /manifests \
  && find . -name package.json -o -name package-lock.json -o -name .npmrc | xargs tar -cf - | tar -xf - -C /manifests

# Installed once for all apps, and again only when a manifest changes.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /src
COPY --from=manifests /manifests ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund

FROM dependencies AS build
COPY . .
ARG APP
RUN npm run build --workspace "apps/${APP}" \
  && mkdir -p "/out/apps/${APP}" \
  && cd "apps/${APP}" \
  && for part in dist migrations facades *.yaml; do if [ -e "$part" ]; then cp -r "$part" "/out/apps/${APP}/"; fi; done
# The gateway's configuration names the contracts of the services where they are in the repository.
RUN if [ -e "apps/${APP}/gateway.yaml" ]; then \
    for contract in apps/*/openapi.yaml; do \
      mkdir -p "/out/$(dirname "$contract")" && cp "$contract" "/out/$contract"; \
    done; \
  fi

FROM ${NODE_IMAGE}
ARG APP
ARG REVISION=unknown
LABEL org.opencontainers.image.title="woodytoys-${APP}" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production REVISION=${REVISION}
COPY --from=build /out /
WORKDIR /apps/${APP}
USER node
EXPOSE 3000 9400
# Source maps stay unread: loading them costs 75 MB a process. Bundles are not minified, so a stack
# names the function; the maps lie beside the bundles for a debugger.
# With the function `gc`, the gateway gives back what its start has used.
CMD ["node", "--expose-gc", "dist/main.js"]

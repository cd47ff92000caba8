FROM node:24-bookworm-slim AS base
# The distribution's Python is 3.11, which the toolkits are pinned to; both stages need it at the same path.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3.11 python3.11-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app

FROM base AS packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM base AS dashboard
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src src
COPY web web
RUN node node_modules/vite/bin/vite.js build web

FROM base AS toolkits
# PIP_EXTRA_INDEX_URL and PIP_CONSTRAINT choose PyTorch's CPU build; see toolkits/environments/core.txt.
ARG PIP_EXTRA_INDEX_URL
ARG PIP_CONSTRAINT
COPY scripts/setup.mjs scripts/environment.mjs scripts/setup-process.mjs scripts/
COPY toolkits/environments toolkits/environments
RUN PIP_NO_CACHE_DIR=1 node scripts/setup.mjs --environment core --folder .tools

FROM base AS stepdown
# Environments of further toolkits are made when first needed, and outlive the container.
ENV NODE_ENV=production STEPDOWN_HOME=/data STEPDOWN_ENVIRONMENTS=/data/environments
COPY --from=packages /app/node_modules node_modules
COPY --from=toolkits /app/.tools/core .tools/core
COPY package.json ./
COPY scripts/setup.mjs scripts/environment.mjs scripts/setup-process.mjs scripts/
COPY toolkits toolkits
COPY prices prices
COPY src src
COPY --from=dashboard /app/web/dist web/dist
# A new volume takes over the owner of the folder that it covers.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning"]
CMD ["src/worker.ts"]

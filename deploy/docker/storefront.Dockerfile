# syntax=docker/dockerfile:1
# The example shop, for deploy/compose.yaml: an app that is observed. Not part of the product.
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY packages/nextjs packages/nextjs
COPY examples/storefront examples/storefront
ENV NEXT_TELEMETRY_DISABLED=1
WORKDIR /src/packages/nextjs
RUN npm ci
WORKDIR /src/examples/storefront
RUN npm ci && npm run build

FROM node:22-bookworm-slim
WORKDIR /src/examples/storefront
COPY --from=build --chown=node:node /src/examples/storefront ./
ENV NODE_ENV=production \
    NEXT_TELEMETRY_DISABLED=1
# `node` of the base image.
USER 1000:1000
EXPOSE 3000
CMD ["node_modules/.bin/next", "start", "--hostname", "0.0.0.0", "--port", "3000"]

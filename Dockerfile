# The drills with their browser, for a nightly (docker-compose.yml, profile nightly). Building it needs a registry, a Go
# module proxy and a mirror of Debian. The target containers needs no such image: it makes its own, from nothing.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /regiondrill ./cmd/regiondrill

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends chromium-headless-shell \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /regiondrill /usr/local/bin/regiondrill
# Root, because a browser's own sandbox needs namespaces that Docker grants nobody: the container is the sandbox, without
# capabilities, and the only pages are the lab's.
WORKDIR /drills
ENTRYPOINT ["regiondrill"]
CMD ["--help"]

# The image of Pressrun's server: one static program, no shell, no user but its own.
#
#   docker build --tag pressrun .       (podman: --format docker, or the health check is lost)
#   docker run --read-only --tmpfs /tmp --volume pressrun-state:/state \
#     --volume ./pressrun.yaml:/etc/pressrun/pressrun.yaml:ro --publish 127.0.0.1:8080:8080 pressrun
#
# The configuration must keep its files under /state and listen on 0.0.0.0:8080: inside
# a container, 127.0.0.1 is out of reach for the published port.

# The full name, since podman asks which registry a short one means. It runs on the
# machine that builds, whatever machine the image is for: Go compiles for any.
FROM --platform=$BUILDPLATFORM docker.io/library/golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
# Set by the builder: what the image is for.
ARG TARGETOS
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/pressrun ./cmd/pressrun
# What a root file system built from nothing lacks: a place for temporary files, and a
# state folder that belongs to the program. A volume takes its owner from the image.
RUN mkdir -p /out/root/tmp /out/root/state && chmod 1777 /out/root/tmp && chmod 0700 /out/root/state

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# As children of what is copied, the folders keep their modes.
COPY --from=build --chown=65532:65532 /out/root/ /
COPY --from=build /out/pressrun /pressrun
USER 65532:65532
# SQLite's own temporary files and Go's.
ENV TMPDIR=/tmp
VOLUME /state
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["/pressrun", "health"]
ENTRYPOINT ["/pressrun"]
CMD ["serve", "--config", "/etc/pressrun/pressrun.yaml"]

# One image with the three programs: /http (the default), /worker and /ctl.
#
#   docker build -t ragcorp .
#   docker run -p 127.0.0.1:8000:8000 -v ragcorp:/data ragcorp
#
# That is the embedded profile: the whole product, with everything in the volume. GO_IMAGE is any image with this version of
# Go, a shell and the certificates of authorities.
ARG GO_IMAGE=golang:1.26-trixie

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN mkdir -p /out/data /out/tmp /out/etc/ssl/certs && chmod 1777 /out/tmp && \
    cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ && \
    printf 'ragcorp:x:65532:65532::/data:/sbin/nologin\n' > /out/etc/passwd && \
    CGO_ENABLED=0 go build -trimpath -buildvcs=false -o /out/ \
      -ldflags "-s -w -X github.com/ragcorp/ragcorp/adapters/ops.linked=${VERSION}" ./shells/http ./shells/worker ./shells/ctl && \
    chown -R 65532:65532 /out/data

FROM scratch
COPY --from=build /out/ /
# COPY gives /data to root in some builders.
COPY --from=build --chown=65532:65532 /out/data /data
ENV PATH=/ HOME=/data DATA_DIR=/data HTTP_ADDR=0.0.0.0:8000 WORKER_HTTP_HOST=0.0.0.0
USER 65532:65532
VOLUME /data
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
# The first start makes machine code out of the PDF reader, once for the volume.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/ctl", "ready"]
CMD ["/http"]

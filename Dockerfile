# A static image of the command, with nothing else in it: for kinds that are URLs, and to
# copy the command from into images that have the programs of a config:
#
#   FROM debian:stable-slim
#   RUN apt-get update && apt-get install -y imagemagick && rm -rf /var/lib/apt/lists/*
#   COPY --from=remuda:latest /remuda /remuda
#   USER 65532:65532
#   ENTRYPOINT ["/remuda"]
FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 GOWORK=off go build -C cmd/remuda -ldflags="-s -w" -o /remuda .

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /remuda /remuda
WORKDIR /srv
USER 65532:65532
ENTRYPOINT ["/remuda"]
CMD ["serve"]

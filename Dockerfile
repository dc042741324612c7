# lynklint as one static program. `docker build --target static .` is the program alone: it reads folders. The last stage,
# which is built without a target, has git and a shell beside it: CI systems need a shell, and --staged, --diff and hidden
# files that are tracked need git.

# The compiler is at least that of `rust-version` in Cargo.toml.
FROM rust:1.91-alpine AS build
RUN apk add --no-cache build-base
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM scratch AS static
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/target/release/lynklint /bin/lynklint
USER 65532:65532
WORKDIR /src
ENTRYPOINT ["/bin/lynklint"]

FROM alpine:3.22
# What is mounted belongs to somebody else, and git would refuse it. lynklint runs no hook and no program of a repository.
RUN apk add --no-cache git && git config --system --add safe.directory '*'
COPY --from=static /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=static /bin/lynklint /usr/local/bin/lynklint
USER 65532:65532
WORKDIR /src
ENTRYPOINT ["lynklint"]

# The image with nothing but podinit in it:
#
#     docker build -t podinit .
#
# Use it as a base (`FROM podinit`) or take the binary from it (`COPY --from=podinit /podinit /podinit`).
#
# BUILDER may be any image with Rust 1.91 or newer, gcc, libc's headers and archives, and /bin/sh.
# CARGO_FLAGS=--offline builds with the crates that the builder already holds.

ARG BUILDER=rust:1-bookworm

FROM ${BUILDER} AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs LICENSE ./
COPY .cargo .cargo
COPY src src
ARG CARGO_FLAGS=
# The glob is the host triple: .cargo/config.toml names the target, which keeps the static flags off build scripts.
RUN cargo build --release --locked ${CARGO_FLAGS} && cp target/*/release/podinit /podinit

FROM scratch
ARG VERSION=0.0.0-dev
ARG SOURCE=
LABEL org.opencontainers.image.title="podinit" \
      org.opencontainers.image.description="A minimal PID 1 for containers: reaps zombies, forwards signals, ends on time" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /podinit /podinit
ENTRYPOINT ["/podinit", "--"]

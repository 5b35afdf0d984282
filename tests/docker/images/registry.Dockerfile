# The toolchain and the crates that Cargo.lock names, so that the build needs no network.
ARG TOOLCHAIN
FROM ${TOOLCHAIN}
COPY cargo-home /usr/local/cargo

# The program that the tests run under podinit (app.rs), in the image that the repository's Dockerfile makes.
ARG BUILD
ARG PODINIT
FROM ${BUILD} AS build
COPY app.rs src/bin/app.rs
ARG CARGO_FLAGS=
RUN cargo build --release --locked ${CARGO_FLAGS} --bin app && cp target/*/release/app /app

FROM ${PODINIT}
COPY --from=build /app /app

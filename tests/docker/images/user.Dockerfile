# podinit and the test program in a foreign user land: a shell, or a server.
ARG APP
ARG ROOT
FROM ${APP} AS app

FROM ${ROOT}
COPY --from=app /podinit /podinit
COPY --from=app /app /app
ENTRYPOINT ["/podinit", "--"]

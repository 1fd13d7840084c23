/**
 * Resolves once the process is asked to end, by Ctrl-C or SIGTERM. To be called before anything is printed that one may answer so. A signal
 * that comes again does not cut the ending short.
 */
export function askedToEnd(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
  return promise;
}

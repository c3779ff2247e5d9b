const PREFIX = "ocf-exit-reason:";

/** The reason an agent gives for its exit code: the last line of its stderr that starts with `ocf-exit-reason:`; "" when there is none. */
export function exitReason(stderr: string, lengthMax = 512): string {
  const line = stderr.split("\n").findLast((text) => text.startsWith(PREFIX));
  return (line?.slice(PREFIX.length).trim() ?? "").slice(0, lengthMax);
}

/** What to do about an error, in a sentence or two. docs/errors.md has the long form. */
import type { QuorateErrorCode } from "@quorate/core";

export function adviceFor(code: QuorateErrorCode, address: string): string {
  switch (code) {
    case "QUORATE_CONFIG_INVALID":
      return "Correct the lines named above in the configuration file, then try again.";
    case "QUORATE_USAGE":
      return "See the command's --help.";
    case "QUORATE_CIB_INVALID":
      return "Nothing was changed. `quorate cib verify FILE` lists everything that is wrong, with line and column.";
    case "QUORATE_CIB_STALE":
      return "Nothing was changed. Fetch the present CIB (`quorate cib query`), make the change there and try again, or use --force.";
    case "QUORATE_NOT_FOUND":
      return "`quorate node list` and `quorate resource list` show the names that exist.";
    case "QUORATE_EXISTS":
      return "Nothing was changed. Use `quorate cib modify` to change what exists.";
    case "QUORATE_NO_QUORUM":
      return "This part of the cluster may change nothing. Ask a node in the majority (--connect), or bring lost nodes back; `quorate status` shows who is missing.";
    case "QUORATE_NOT_DC":
      return "There is no DC at the moment or it is changing. Try again in a few seconds.";
    case "QUORATE_UNSAFE":
      return "Nothing was done, because it could damage data. Read the reason above and remove its cause first.";
    case "QUORATE_OVERLOADED":
      return "The service has too much to do. Try again in a few seconds.";
    case "QUORATE_FENCING_FAILED":
      return "Nothing of that node is started elsewhere. Look at `quorate fence history`, check the fence device, or switch the node off by hand and use `quorate fence confirm NODE`.";
    case "QUORATE_TIMEOUT":
      return "Whether it happened is not known: look at `quorate status` before you try again.";
    case "QUORATE_DISCONNECTED":
      return `Is quorate-policy-engine running and reachable at ${address}? Name another one with --connect ADDRESS or QUORATE_SOCKET. If the connection broke during a change, look at \`quorate status\` before you try again.`;
    case "QUORATE_STORE_CORRUPT":
      return "The store of that node is damaged. Stop its services, move the data directory away and start them again: it comes back from its peers.";
    case "QUORATE_WIRE_INVALID":
      return "The command and the service do not understand each other: compare `quorate --version` with what the node runs.";
    case "QUORATE_SPAWN_FAILED":
      return "A program could not be started on that node: check that it is installed and may be executed.";
  }
}

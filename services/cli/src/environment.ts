/** Everything outside that a command touches: files, streams, the clock, signals, the connection. Tests give their own. */
import { readFile, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { text } from "node:stream/consumers";
import type { QuorateClient } from "@quorate/client";

export interface CliEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Who asks, for the log and the events: `root@node1`. */
  readonly user: string;
  /** Standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Lines that the terminal shows; asked anew each time, for it can be resized. */
  terminalRows(): number;
  write(text: string): void;
  writeError(text: string): void;
  /** An absolute path. Rejects with the error of the system. */
  readFile(path: string): Promise<string>;
  /** An absolute path; a new file can be read by its owner only. Rejects with the error of the system. */
  writeFile(path: string, content: string): Promise<void>;
  readInput(): Promise<string>;
  connect(address: string): Promise<QuorateClient>;
  /** Milliseconds since the Unix epoch. */
  wallMs(): number;
  /** Calls once on Ctrl-C, SIGTERM, or when nobody reads the output any more; returns how to stop waiting. */
  onInterrupt(handler: () => void): () => void;
}

export function processEnvironment(): CliEnvironment {
  return {
    env: process.env,
    cwd: process.cwd(),
    user: `${userName()}@${hostname()}`,
    isTerminal: process.stdout.isTTY === true,
    terminalRows: () => process.stdout.rows ?? Number.POSITIVE_INFINITY,
    write: (chunk) => void process.stdout.write(chunk),
    writeError: (chunk) => void process.stderr.write(chunk),
    readFile: (path) => readFile(path, "utf8"),
    writeFile: (path, content) => writeFile(path, content, { mode: 0o600 }),
    readInput: () => text(process.stdin),
    // Loaded when it is needed: what works on files is done before gRPC would be ready.
    connect: async (address) => (await import("@quorate/client")).connectClient({ address }),
    wallMs: () => Date.now(),
    onInterrupt(handler) {
      const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
      const stop = (): void => {
        for (const signal of signals) process.off(signal, once);
        process.stdout.off("error", once);
      };
      const once = (): void => {
        stop();
        handler();
      };
      for (const signal of signals) process.on(signal, once);
      process.stdout.on("error", once);
      return stop;
    },
  };
}

/** A container may run us under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid${process.getuid?.() ?? ""}`;
  }
}

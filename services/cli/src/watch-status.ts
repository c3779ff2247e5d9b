/**
 * The status as a screen that stays: drawn at every event and at every interval, also through lost connections, until
 * Ctrl-C. A terminal gets its former content back afterwards; anything else gets one status after the other.
 */
import type { QuorateClient } from "@quorate/client";
import { QuorateError } from "@quorate/core";
import type { ClusterStatus } from "@quorate/wire";
import type { CliEnvironment } from "./environment.ts";
import { wrap } from "./render/layout.ts";
import { renderStatus } from "./render/render-status.ts";
import { localTimeText } from "./render/time-text.ts";

export interface WatchOptions {
  readonly client: QuorateClient;
  readonly environment: CliEnvironment;
  /** For the text about a lost connection. */
  readonly address: string;
  readonly inactive: boolean;
  readonly intervalMs: number;
}

/** Events come in bursts; one status after the burst says as much as one after each. */
const SETTLE_MS = 100;
/** While there is no connection it is tried this often, or at the interval if that is shorter. */
const RETRY_MS = 1_000;

/** Resolves after an interrupt, with the terminal as it was. */
export async function watchStatus({ client, environment, address, inactive, intervalMs }: WatchOptions): Promise<void> {
  const screen = openScreen(environment);
  const bell = createBell();
  const stream = client.followEvents({ live: true, onEvent: bell.ring, onError: () => {} });
  const forget = environment.onInterrupt(bell.stop);
  let last: ClusterStatus | null = null;
  let wasLost = false;
  while (!bell.isStopped()) {
    bell.reset();
    const read = await Promise.race([readStatus(client), bell.stopped]);
    if (read === null) break;
    last = read.status ?? last;
    const isLost = read.error !== null;
    // A terminal shows the old status under the notice; in a file it would only stand there again and again.
    if (environment.isTerminal || !isLost || !wasLost) screen.draw(screenText({ last: isLost && !environment.isTerminal ? null : last, error: read.error, address, inactive }));
    wasLost = isLost;
    if (isLost) await bell.wait(Math.min(intervalMs, RETRY_MS), { wakes: false });
    else if (await bell.wait(intervalMs, { wakes: true })) await bell.wait(SETTLE_MS, { wakes: false });
  }
  forget();
  stream.close();
  screen.close();
}

/** Waits that an event may end early and an interrupt always does. */
interface Bell {
  ring(this: void): void;
  stop(this: void): void;
  reset(): void;
  isStopped(): boolean;
  /** Resolves with null at the interrupt. */
  readonly stopped: Promise<null>;
  /** True when an event rang since `reset`. */
  wait(ms: number, options: { readonly wakes: boolean }): Promise<boolean>;
}

function createBell(): Bell {
  let rung = false;
  let over = false;
  let wake = (): void => {};
  let finish = (): void => {};
  const stopped = new Promise<null>((resolve) => {
    finish = () => resolve(null);
  });
  return {
    ring() {
      rung = true;
      wake();
    },
    stop() {
      over = true;
      finish();
      wake();
    },
    reset() {
      rung = false;
    },
    isStopped: () => over,
    stopped,
    wait: (ms, { wakes }) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          wake = () => {};
          resolve(rung);
        };
        const timer = setTimeout(end, ms);
        wake = () => {
          if (over || (wakes && rung)) end();
        };
        wake();
      }),
  };
}

/** An error of the connection is shown, not thrown: the cluster may come back. */
async function readStatus(client: QuorateClient): Promise<{ status: ClusterStatus | null; error: QuorateError | null }> {
  try {
    return { status: await client.status(), error: null };
  } catch (error) {
    if (error instanceof QuorateError) return { status: null, error };
    throw error;
  }
}

interface ScreenContent {
  readonly last: ClusterStatus | null;
  readonly error: QuorateError | null;
  readonly address: string;
  readonly inactive: boolean;
}

/** What is old says so. */
export function screenText({ last, error, address, inactive }: ScreenContent): string {
  const status = last === null ? "" : renderStatus(last, { inactive, time: localTimeText });
  if (error === null) return status;
  const age = last === null ? "" : ` What follows is OLD: it is from ${localTimeText(last.atMs)}.`;
  const notice = wrap(`No answer from ${address} (${error.code}); trying again.${age}`, { first: "*** ", rest: "    " });
  return [...notice, "", status].join("\n");
}

interface Screen {
  draw(text: string): void;
  close(): void;
}

const ALTERNATE_ON = "\u001B[?1049h\u001B[?25l";
const ALTERNATE_OFF = "\u001B[?25h\u001B[?1049l";
const HOME = "\u001B[H";
const CLEAR_LINE = "\u001B[K";
const CLEAR_BELOW = "\u001B[J";

/** Draws over the old text line by line, so that nothing flickers. */
function openScreen(environment: CliEnvironment): Screen {
  if (!environment.isTerminal) return { draw: (text) => environment.write(`${text}\n`), close() {} };
  environment.write(ALTERNATE_ON);
  return {
    draw: (text) => environment.write(HOME + fitRows(text, environment.terminalRows()).replaceAll("\n", `${CLEAR_LINE}\n`) + CLEAR_BELOW),
    close: () => environment.write(ALTERNATE_OFF),
  };
}

/** A text that is longer than the terminal would scroll its beginning, with the warnings, out of sight. */
export function fitRows(text: string, rows: number): string {
  const lines = text.trimEnd().split("\n");
  if (lines.length < rows) return `${lines.join("\n")}\n`;
  const shown = Math.max(1, rows - 2);
  return `${lines.slice(0, shown).join("\n")}\n... ${lines.length - shown} more lines: enlarge the terminal, or use quorate status -1\n`;
}

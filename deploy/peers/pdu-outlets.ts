/** The outlets of the emulated PDU: what has power, what a switch makes happen, and the faults that tests ask for. */
import type { OutletBoard } from "./pdu-mib.ts";

export interface PduOutlet {
  readonly number: number;
  readonly name: string;
}

/**
 * `refuse`: commands are answered with an error. `hang`: no answer. `stuck`: commands are taken, nothing happens, the status is honest.
 * `lie`: commands are taken, nothing happens, the status says what was asked for. Questions are answered but for `hang`.
 */
export type PduFault = "none" | "refuse" | "hang" | "stuck" | "lie";

export interface Outlets extends OutletBoard {
  /** What really has power, by outlet number. */
  state(): Record<number, boolean>;
  /** For one outlet, or all with `"all"`. `delayMs` holds every answer back. */
  setFault(outlet: number | "all", fault: PduFault, delayMs?: number): void;
}

interface Socket {
  readonly outlet: PduOutlet;
  powered: boolean;
  /** What the status says when the outlet lies; else null. */
  claimed: boolean | null;
  fault: PduFault;
  delayMs: number;
  /** The switch in progress; commands of one outlet are carried out one after the other. */
  last: Promise<unknown>;
  /** A repeated command joins the one in progress, as a repeated packet means the same. */
  current: { readonly command: number; readonly outcome: Promise<"done" | "refused" | null> } | null;
}

/** `onSwitch` runs when power really changes; when it fails, the outlet keeps its state and the command is refused. */
export function createOutlets(outlets: readonly PduOutlet[], onSwitch: (change: { readonly outlet: PduOutlet; readonly powered: boolean }) => Promise<void> | void): Outlets {
  const sockets = new Map<number, Socket>(
    outlets.map((outlet) => [outlet.number, { outlet, powered: true, claimed: null, fault: "none", delayMs: 0, last: Promise.resolve(), current: null }]),
  );

  async function turn(socket: Socket, powered: boolean): Promise<void> {
    if (socket.powered === powered) return;
    await onSwitch({ outlet: socket.outlet, powered });
    socket.powered = powered;
  }

  async function carryOut(socket: Socket, command: number): Promise<"done" | "refused" | null> {
    if (socket.delayMs > 0) await pause(socket.delayMs);
    if (socket.fault === "hang") return null;
    if (socket.fault === "refuse") return "refused";
    if (socket.fault === "lie") socket.claimed = command !== 2;
    if (socket.fault !== "none") return "done";
    socket.claimed = null;
    try {
      if (command !== 1) await turn(socket, false);
      if (command !== 2) await turn(socket, true);
      return "done";
    } catch {
      return "refused";
    }
  }

  return {
    outlets,
    state: () => Object.fromEntries([...sockets].map(([number, socket]) => [number, socket.powered])),
    setFault(number, fault, delayMs = 0) {
      for (const socket of sockets.values()) if (number === "all" || socket.outlet.number === number) Object.assign(socket, { fault, delayMs, claimed: null });
    },
    async read(number) {
      const socket = sockets.get(number);
      if (socket === undefined) return null;
      if (socket.delayMs > 0) await pause(socket.delayMs);
      return socket.fault === "hang" ? null : (socket.claimed ?? socket.powered);
    },
    async command(number, command) {
      const socket = sockets.get(number);
      if (socket === undefined) return "refused";
      if (socket.current?.command === command) return socket.current.outcome;
      const outcome = socket.last.then(() => carryOut(socket, command));
      const current = { command, outcome };
      socket.last = outcome;
      socket.current = current;
      const result = await outcome;
      if (socket.current === current) socket.current = null;
      return result;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Places of a transition graph's actions in a picture: layers from top to bottom, so that every arrow points down.
 * Pure and deterministic. The method is Sugiyama's: longest-path layers, stand-ins where an arrow crosses a layer, and sweeps that
 * order each layer by the middle of its neighbours.
 */
import type { ActionId, Graph } from "@quorate/transition";

export interface Place {
  /** Middle of the box. */
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly places: ReadonlyMap<ActionId, Place>;
  /** Arrows that say something new: what follows from others is left out. Points run from the first action to the next. */
  readonly arrows: readonly { readonly from: ActionId; readonly to: ActionId; readonly points: readonly Place[] }[];
}

export interface BoxSizes {
  /** Of the box of one action. */
  width(id: ActionId): number;
  readonly height: number;
  readonly columnGap: number;
  readonly layerGap: number;
  readonly margin: number;
}

const SWEEPS = 12;
/** Room that an arrow needs where it passes between boxes. */
const STAND_IN_WIDTH = 14;

/** A box, or the stand-in of an arrow that passes its layer. */
interface Slot {
  readonly action: ActionId | null;
  readonly layer: number;
  readonly width: number;
  readonly above: Slot[];
  readonly below: Slot[];
  order: number;
  x: number;
}

export function layoutGraph(graph: Graph, sizes: BoxSizes): Layout {
  const order = orderOf(graph);
  const before = withoutImplied(order);
  const layers = layersOf(order);
  const { slots, chains } = slotsOf(before, layers, sizes);
  const rows = Array.from({ length: Math.max(0, ...layers) + 1 }, (_, layer) => slots.filter((slot) => slot.layer === layer));
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    if (sweep % 2 === 0) for (const row of rows.slice(1)) orderRow(row, "above");
    else for (const row of rows.slice(0, -1).toReversed()) orderRow(row, "below");
  }
  const width = placeRows(rows, sizes);
  const place = (slot: Slot): Place => ({ x: slot.x, y: sizes.margin + slot.layer * (sizes.height + sizes.layerGap) + sizes.height / 2 });
  return {
    width,
    height: rows.length * (sizes.height + sizes.layerGap) - sizes.layerGap + 2 * sizes.margin,
    places: new Map(slots.flatMap((slot) => (slot.action === null ? [] : [[slot.action, place(slot)] as const]))),
    arrows: chains.map(({ from, to, slots: chain }) => ({ from, to, points: chain.map(place) })),
  };
}

/** Beyond this a picture is no use anyway, and what is implied need not be searched for. */
const REDUCE_MAX = 3_000;

interface Order {
  readonly inputs: readonly (readonly ActionId[])[];
  /** Every action after its inputs. */
  readonly sequence: readonly ActionId[];
}

/** An action can only stand below what was placed before it: an input that never gets ready would close a cycle and is dropped. */
function orderOf({ actions }: Graph): Order {
  const inputs = actions.map(({ after }) => [...after]);
  const placed = new Set<ActionId>();
  for (let left = actions.map(({ id }) => id); left.length > 0;) {
    const ready = left.filter((id) => (inputs[id] ?? []).every((first) => placed.has(first)));
    const [stuck] = left;
    if (ready.length === 0 && stuck !== undefined) inputs[stuck] = (inputs[stuck] ?? []).filter((first) => placed.has(first));
    for (const id of ready) placed.add(id);
    left = left.filter((id) => !placed.has(id));
  }
  return { inputs, sequence: [...placed] };
}

/** Inputs of each action without those that others imply. */
function withoutImplied({ inputs, sequence }: Order): readonly (readonly ActionId[])[] {
  if (inputs.length > REDUCE_MAX) return inputs;
  const ancestors = new Map<ActionId, ReadonlySet<ActionId>>();
  for (const id of sequence) {
    const found = new Set<ActionId>();
    for (const first of inputs[id] ?? []) for (const one of [first, ...(ancestors.get(first) ?? [])]) found.add(one);
    ancestors.set(id, found);
  }
  return inputs.map((list) => list.filter((first) => !list.some((other) => ancestors.get(other)?.has(first) === true)));
}

function layersOf({ inputs, sequence }: Order): readonly number[] {
  const layers = inputs.map(() => 0);
  for (const id of sequence) for (const first of inputs[id] ?? []) layers[id] = Math.max(layers[id] ?? 0, (layers[first] ?? 0) + 1);
  return layers;
}

interface Chain {
  readonly from: ActionId;
  readonly to: ActionId;
  readonly slots: readonly Slot[];
}

function slotsOf(before: readonly (readonly ActionId[])[], layers: readonly number[], sizes: BoxSizes): { slots: readonly Slot[]; chains: readonly Chain[] } {
  const slots: Slot[] = [];
  const add = (action: ActionId | null, layer: number, width: number): Slot => {
    const slot: Slot = { action, layer, width, above: [], below: [], order: slots.length, x: 0 };
    slots.push(slot);
    return slot;
  };
  const boxes = layers.map((layer, id) => add(id, layer, sizes.width(id)));
  const chains = before.flatMap((list, to) => list.map((from): Chain => {
    const first = boxes[from] as Slot, last = boxes[to] as Slot;
    const between = Array.from({ length: last.layer - first.layer - 1 }, (_, at) => add(null, first.layer + at + 1, STAND_IN_WIDTH));
    const chain = [first, ...between, last];
    chain.slice(1).forEach((slot, at) => {
      slot.above.push(chain[at] as Slot);
      (chain[at] as Slot).below.push(slot);
    });
    return { from, to, slots: chain };
  }));
  return { slots, chains };
}

/** Each slot under (or over) the middle of its neighbours; one without neighbours keeps its place. */
function orderRow(row: Slot[], side: "above" | "below"): void {
  const wish = new Map(row.map((slot) => {
    const neighbours = slot[side];
    return [slot, neighbours.length === 0 ? slot.order : neighbours.reduce((sum, one) => sum + one.order, 0) / neighbours.length] as const;
  }));
  row.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a.order - b.order);
  row.forEach((slot, at) => {
    slot.order = at;
  });
}

const SETTLES = 10;

/** Every slot as near to the middle of its neighbours as the others of its row let it; returns the width of the picture. */
function placeRows(rows: readonly (readonly Slot[])[], { columnGap, margin }: BoxSizes): number {
  for (const row of rows) spread(row, row.map(() => 0), columnGap);
  for (let round = 0; round < SETTLES; round += 1) {
    for (const row of round % 2 === 0 ? rows : rows.toReversed()) {
      const wishes = row.map((slot) => {
        const neighbours = round % 2 === 0 ? slot.above : slot.below;
        return neighbours.length === 0 ? slot.x : neighbours.reduce((sum, { x }) => sum + x, 0) / neighbours.length;
      });
      spread(row, wishes, columnGap);
    }
  }
  const slots = rows.flat();
  if (slots.length === 0) return 2 * margin;
  const left = Math.min(...slots.map(({ x, width }) => x - width / 2));
  for (const slot of slots) slot.x += margin - left;
  return Math.max(...slots.map(({ x, width }) => x + width / 2)) + margin;
}

/** Places near the wishes, in order and without overlap: the mean of pushing everything right and pushing everything left. */
function spread(row: readonly Slot[], wishes: readonly number[], gap: number): void {
  const apart = (a: number, b: number): number => ((row[a]?.width ?? 0) + (row[b]?.width ?? 0)) / 2 + gap;
  const right = [...wishes], leftward = [...wishes];
  for (let at = 1; at < row.length; at += 1) right[at] = Math.max(right[at] ?? 0, (right[at - 1] ?? 0) + apart(at - 1, at));
  for (let at = row.length - 2; at >= 0; at -= 1) leftward[at] = Math.min(leftward[at] ?? 0, (leftward[at + 1] ?? 0) - apart(at, at + 1));
  row.forEach((slot, at) => {
    slot.x = ((right[at] ?? 0) + (leftward[at] ?? 0)) / 2;
  });
}

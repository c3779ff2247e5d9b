/** Chance of the generator of CIBs: everything follows from one seed. */
import { Prng } from "@quorate/core";

export class Dice {
  readonly #prng: Prng;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
  }

  chance(percent: number): boolean {
    return this.#prng.below(1000) < percent * 10;
  }

  /** Both ends included. */
  between(low: number, high: number): number {
    return low + this.#prng.below(high - low + 1);
  }

  /** `items` must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.#prng.below(items.length)] as T;
  }

  weighted<T>(items: readonly (readonly [item: T, weight: number])[]): T {
    let left = this.#prng.below(items.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [item, weight] of items) {
      if (left < weight) return item;
      left -= weight;
    }
    return this.pick(items)[0];
  }

  /** `count` different items, in chance order. */
  sample<T>(items: readonly T[], count: number): T[] {
    const rest = [...items], taken: T[] = [];
    while (taken.length < count && rest.length > 0) taken.push(...rest.splice(this.#prng.below(rest.length), 1));
    return taken;
  }

  each<T>(items: readonly T[], percent: number): T[] {
    return items.filter(() => this.chance(percent));
  }
}

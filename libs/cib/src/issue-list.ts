/** Collects issues with the path of their element; bounded, so that a hopeless document does not fill the memory. */
import type { Issue } from "@quorate/core";
import { attribute } from "./element.ts";
import type { XmlElement } from "./types.ts";

export const ISSUES_MAX = 200;

/** Where in the tree we are: the element and the way up to the root. */
export interface Position {
  readonly element: XmlElement;
  readonly above: Position | null;
}

export class IssueList {
  readonly #issues: Issue[] = [];
  #errors = 0;
  #left = 0;
  #leftErrors = 0;

  add(severity: Issue["severity"], position: Position, message: string): void {
    if (severity === "error") this.#errors += 1;
    if (this.#issues.length >= ISSUES_MAX) {
      this.#left += 1;
      if (severity === "error") this.#leftErrors += 1;
      return;
    }
    this.#issues.push({ severity, path: pathOf(position), place: position.element.place, message });
  }

  get errors(): number {
    return this.#errors;
  }

  /** In the order found; the last one says how many were left out. */
  list(): Issue[] {
    if (this.#left === 0) return [...this.#issues];
    const message = `${this.#left} further problems are not listed`;
    return [...this.#issues, { severity: this.#leftErrors > 0 ? "error" : "warning", path: "", place: null, message }];
  }
}

/** `/cib/configuration/resources/primitive[@id="a"]`. */
export function pathOf(position: Position): string {
  const id = attribute(position.element, "id");
  const step = `/${position.element.name}${id === null ? "" : `[@id="${id}"]`}`;
  return position.above === null ? step : pathOf(position.above) + step;
}

/** Calls for the element and everything below it, in document order. */
export function walk(position: Position, visit: (position: Position) => void): void {
  visit(position);
  for (const element of position.element.children) walk({ element, above: position }, visit);
}

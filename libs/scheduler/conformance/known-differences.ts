/**
 * Cases of the conformance kit in which this engine does not yet decide as the reference does, with the cause in a word (docs/conformance.md has
 * them at length). A ratchet: a case that is not here must pass, and one that passes must not be here. Only the runner reads this, never the engine.
 */
export const KNOWN_DIFFERENCES: ReadonlyMap<string, string> = new Map();
